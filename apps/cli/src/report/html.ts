const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // An HTML parser takes no NUL, not even as an entity.
  '\0': '\ufffd',
};

/** Makes any text safe between tags and inside quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"'\0]/g, (one) => ENTITIES[one] ?? '');

/** Markup that only the `html` template makes, so that a text cannot pass for it. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Content = Html | string | number | readonly Html[];

const toMarkup = (content: Content): string => {
  if (content instanceof Html) return content.markup;
  if (typeof content === 'object') return content.map(({ markup }) => markup).join('');
  return escapeHtml(String(content));
};

/** HTML or SVG. Every value is escaped, unless it is `Html` itself; attributes stand in double quotes. */
export const html = (literals: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(
    literals.map((literal, at) => `${at === 0 ? '' : toMarkup(contents[at - 1] ?? '')}${literal}`).join(''),
  );

export const NOTHING = html``;
