import { type Html, html } from './html.ts';

/** What a part of a bar stands for; the style sheet gives each its colour and its pattern. */
export type Tone =
  | 'accepted'
  | 'filtered'
  | 'duplicates'
  | 'quarantined'
  | 'refused'
  | 'lost'
  | 'unprocessed'
  | 'unfinished';

/** The least share, in percent, with which a part can still be seen. */
const SLIVER = 1.5;

/**
 * Percentages that add up to 100. Parts that are there, but too small to be seen, are widened at the cost of others.
 *
 * @param least of each part, if not the same for all
 */
export const visibleShares = (parts: readonly number[], least: readonly number[] = []): readonly number[] => {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (whole === 0) return parts.map(() => 0);
  const widened = parts.map((part, at) =>
    part === 0 ? 0 : Math.max((part / whole) * 100, least[at] ?? SLIVER),
  );
  const sum = widened.reduce((total, share) => total + share, 0);
  return widened.map((share) => (share / sum) * 100);
};

const percent = (value: number): string => `${Math.round(value * 100) / 100}%`;

/** The patterns that tell the parts of a bar apart without their colours. They are used by the whole document. */
export const barPatterns = html`<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>
<pattern id="pattern-filtered" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="7"/></pattern>
<pattern id="pattern-duplicates" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1.4"/></pattern>
<pattern id="pattern-quarantined" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.6" height="7"/><rect width="7" height="1.6"/></pattern>
<pattern id="pattern-refused" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="1" height="10"/></pattern>
<pattern id="pattern-unprocessed" width="5" height="5" patternUnits="userSpaceOnUse"><rect width="5" height="2"/></pattern>
<pattern id="pattern-unfinished" width="8" height="8" patternUnits="userSpaceOnUse"><circle cx="4" cy="4" r="1"/></pattern>
<pattern id="pattern-lost" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="2" height="6"/></pattern>
</defs></svg>`;

/** A rectangle of these attributes in the colour of its tone and, unless it is `plain`, in its pattern. */
export const filled = (tone: Tone, place: Html, plain = tone === 'accepted'): Html => {
  const pattern = plain ? html`` : html`<rect class="pattern"${place} fill="url(#pattern-${tone})"/>`;
  return html`<rect class="tone-${tone}"${place}/>${pattern}`;
};

/** One bar of parts in their order. It shows nothing that the table beside it does not say. */
export const stackedBar = (parts: readonly { readonly tone: Tone; readonly rows: number }[]): Html => {
  const shares = visibleShares(parts.map(({ rows }) => rows));
  let from = 0;
  const pieces = parts.map(({ tone }, at) => {
    const width = shares[at] ?? 0;
    const piece = html`${filled(tone, html` x="${percent(from)}" width="${percent(width)}" height="100%"`)}<rect class="seam" x="${percent(from)}" width="${from === 0 || width === 0 ? 0 : 1.5}" height="100%"/>`;
    from += width;
    return piece;
  });
  return html`<svg class="stacked" width="100%" height="36" aria-hidden="true">${pieces}</svg>`;
};

export const swatch = (tone: Tone, plain?: boolean): Html =>
  html`<svg class="swatch" width="16" height="16" aria-hidden="true">${filled(tone, html` width="100%" height="100%"`, plain)}</svg>`;

/** A small bar for a share of 0 to 1. */
export const shareBar = (share: number): Html =>
  html`<svg class="share" width="100%" height="5" aria-hidden="true"><rect class="track" width="100%" height="100%"/><rect class="fill" width="${percent(visibleShares([share, 1 - share])[0] ?? 0)}" height="100%"/></svg>`;
