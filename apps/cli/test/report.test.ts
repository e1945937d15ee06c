import { describe, expect, test } from '@jest/globals';
import { defineDataset, text } from '@sluice/record-schema';
import fc from 'fast-check';
import { visibleShares } from '../src/report/bar.ts';
import { escapeHtml, html } from '../src/report/html.ts';
import { maskRow } from '../src/report/masked-row.ts';
import { renderReport } from '../src/report/render-report.ts';
import type { QuarantinedRow } from '../src/report/report-input.ts';
import { shownText } from '../src/report/shown-text.ts';
import { CANARY, dataset, hostile, runs } from './report-runs.ts';

const ELEMENTS =
  'article body caption circle code dd desc div dl dt figcaption figure footer g h1 h2 h3 head header html li link main meta ol p path pattern defs polygon rect section span strong style svg table tbody td text tfoot th thead time title tr ul br'.split(
    ' ',
  );

/** What stands in the document that the report itself would not write; the style sheet is left out. */
const foreignMarkup = (document: string): readonly string[] => {
  const body = document.replace('<!doctype html>', '').replace(/<style>[^<]*<\/style>/, '');
  const rest = body.replace(
    /<\/?([a-z0-9]+)((?: [a-zA-Z-]+(?:="[^"<>]*")?)*)\/?>/g,
    (tag, name: string, attributes: string) =>
      ELEMENTS.includes(name) && !/ (on\w+|style|src)=/i.test(attributes) ? '' : `<!${tag}`,
  );
  return rest.match(/[<>].{0,40}/gs) ?? [];
};

/** The document's text as a reader sees it. */
const textOf = (document: string): string =>
  document
    .replace(/<(style|title|desc)\b[^>]*>.*?<\/\1>/gs, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('escaping', () => {
  test('leaves nothing that could end a text or a quoted attribute', () => {
    expect(escapeHtml(`<a b="c" d='e'>&\0`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\ufffd');
  });

  test('is done by the template for every value but its own markup', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p title="${'"'}">${inner}${[inner, inner]}${7}</p>`.markup).toBe(
      '<p title="&quot;"><b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>7</p>',
    );
  });

  test('holds for every text of a report', async () => {
    expect(foreignMarkup(renderReport(await hostile()))).toEqual([]);
    const dangerous = fc.string({
      unit: fc.oneof(
        fc.constantFrom(
          '<',
          '>',
          '"',
          "'",
          '&',
          '/',
          '=',
          '`',
          '\0',
          '\u2028',
          '<script>',
          '</style>',
          '-->',
          ']]>',
          '${',
        ),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      ),
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(dangerous, async (evil) => {
        expect(foreignMarkup(renderReport(await hostile(evil)))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('is checked by a test that notices foreign markup', () => {
    for (const foreign of ['<script>', '<p onclick="x">', '<p style="x">', 'a > b', '<img src="x">']) {
      expect(foreignMarkup(`<p>${foreign}</p>`)).not.toEqual([]);
    }
  });

  test('shows what cannot be seen, and cuts what is too long', () => {
    expect(shownText('a\u202eb\tc\u200bd', 80)).toBe('a⟨U+202E⟩b␉c⟨U+200B⟩d');
    expect(shownText('😀😀😀😀', 3)).toBe('😀😀😀…');
    expect(shownText('😀😀😀', 3)).toBe('😀😀😀');
  });
});

describe('personal data', () => {
  const anyCell = fc.oneof(fc.constant(null), fc.string({ unit: 'binary', maxLength: 20 }));

  test('is in no report, whether the row can be read or not', async () => {
    for (const input of Object.values(runs)) {
      const document = renderReport(await input()).toLowerCase();
      expect(document).not.toContain(CANARY.toLowerCase());
      expect(document).not.toContain('canary at');
    }
  });

  test('is masked in its own field and wherever the row repeats it', () => {
    const secret = fc
      .string({ unit: fc.constantFrom(...'abcXYZ019@. é'), minLength: 4, maxLength: 20 })
      .filter((one) => one.trim().length >= 4);
    fc.assert(
      fc.property(secret, anyCell, anyCell, (email, before, after) => {
        const masked = maskRow(dataset, {
          row: 1,
          reasons: [],
          record: { 'E-Mail': email, name: `${before}${email}${after}`, status: email.toUpperCase() },
          raw: null,
        });
        const kinds = new Map(masked.cells.map(({ field, cell }) => [field, cell.kind]));
        expect([kinds.get('email'), kinds.get('name'), kinds.get('status')]).toEqual([
          'masked',
          'masked',
          'masked',
        ]);
      }),
    );
  });

  test('leaves the rest of the row readable', () => {
    const { cells } = maskRow(dataset, {
      row: 1,
      reasons: [],
      record: { id: 'A-1', 'E-Mail': CANARY, name: null, coupon: 'X', amount: '' },
      raw: null,
    });
    expect(cells.slice(0, 4)).toEqual([
      { field: 'id', cell: { kind: 'text', text: 'A-1' } },
      { field: 'name', cell: { kind: 'null' } },
      { field: 'email', cell: { kind: 'masked' } },
      { field: 'amount', cell: { kind: 'text', text: '' } },
    ]);
    expect(cells.map(({ field }) => field)).not.toContain('coupon');
  });

  test('keeps the text of a malformed row back, but only where the dataset has any', () => {
    const malformed: QuarantinedRow = {
      row: 1,
      reasons: [{ field: null, code: 'wrong_field_count' }],
      record: null,
      raw: 'a,b',
    };
    const open = defineDataset({ name: 'open', fields: { id: text() } });
    expect(maskRow(dataset, malformed).raw).toEqual({ kind: 'withheld' });
    expect(maskRow(open, malformed).raw).toEqual({ kind: 'text', text: 'a,b' });
  });
});

describe('the report', () => {
  test('says in its first heading what happened', async () => {
    const headings: Record<string, string | undefined> = {};
    for (const [name, input] of Object.entries(runs)) {
      headings[name] = /<h1>(.*?)<\/h1>/.exec(renderReport(await input()))?.[1];
    }
    expect(headings).toEqual({
      published: '1,180 rows of orders published',
      publishedByADetour: '1,180 rows of orders published',
      publishedAfterARetry: '1,180 rows of orders published',
      refused: 'An object of orders was refused',
      belowThreshold: 'An object of orders is below its quality threshold',
      publishedByBatches: '1,180 rows of orders published',
      failedInABatch: 'A run of orders failed',
      failed: 'A run of orders failed',
    });
  });

  test('adds the rows up in words', async () => {
    expect(textOf(renderReport(await runs.published()))).toContain(
      '1,180 accepted + 12 filtered + 4 duplicates + 8 quarantined = 1,204 rows in. Not one row is missing.',
    );
  });

  test('says so if they do not add up', async () => {
    const input = await runs.published();
    if (input.run.status !== 'published') throw new Error('the run is published');
    const counts = { ...input.run.counts, accepted: 1_170 };
    const shown = textOf(renderReport({ ...input, run: { ...input.run, counts } }));
    expect(shown).toContain('8 quarantined is not 1,204 rows in.');
    expect(shown).toContain('Unaccounted for this must not be 10');
  });

  test('explains the score to the last point', async () => {
    expect(textOf(renderReport(await runs.published()))).toContain(
      'A perfect object 100 nulls 594 of 9632 cells are null −6.17 duplicates 4 of 1204 rows are duplicates −0.33 Score 93.5',
    );
  });

  test('names what is left when the score stops at 0', async () => {
    const input = await runs.belowThreshold();
    const { quality } = input.run;
    if (quality === null) throw new Error('the run was scored');
    const costs = [
      { figure: 'nulls', points: 90, because: 'many' },
      { figure: 'duplicates', points: 30, because: 'many' },
    ];
    const verdict = { ...quality.verdict, score: 0, costs };
    const run = { ...input.run, quality: { ...quality, verdict } };
    expect(textOf(renderReport({ ...input, run }))).toContain(
      'Rest a score does not fall below 0 +20 Score 0',
    );
  });

  test('gives the same bytes for the same run', async () => {
    expect(renderReport(await runs.published())).toBe(renderReport(await runs.published()));
  });

  test('takes an execution that left no history', async () => {
    expect(renderReport({ ...(await runs.failed()), history: [] })).toContain('A run of orders failed');
  });

  test('allows nothing but its own style sheet', async () => {
    const document = renderReport(await runs.published());
    expect(document).toContain('default-src &#39;none&#39;; style-src &#39;sha256-');
    expect(document).not.toMatch(/unsafe|<script|https?:\/\/|@import|\burl\((?!#)/);
  });
});

describe('the batches in the report', () => {
  /** The cells of the strip: what each says of its rows, and how high its layers are drawn. */
  const cellsOf = (document: string) =>
    [...(/<div class="strip".*?<\/div>/s.exec(document)?.[0] ?? '').matchAll(/<svg>(.*?)<\/svg>/gs)].map(
      ([, cell = '']) => ({
        title: /<title>(.*?)<\/title>/.exec(cell)?.[1],
        layers: [...cell.matchAll(/class="tone-(\w+)" width="100%" height="(\d+)%"/g)].map(
          ([, tone, height]) => [tone, Number(height)],
        ),
      }),
    );

  test('are a strip of so many cells at most, in the order of the object', async () => {
    const cells = cellsOf(renderReport(await runs.publishedByBatches()));
    expect(cells).toHaveLength(480);
    expect(cells[0]?.title).toBe('rows 1–5: 4 accepted, 1 quarantined');
    expect(cells[3]?.title).toBe('2 batches, rows 16–25: 8 accepted, 2 quarantined');
    expect(cells.at(-1)?.title).toBe('2 batches, rows 2,991–3,000: 8 accepted, 2 quarantined');
  });

  test('show the worst fate in a cell, however few of its rows have it', async () => {
    const input = await runs.publishedByBatches();
    if (!input.mapRun?.results) throw new Error('the run has results');
    const cell = {
      first: 0,
      rows: 100_000,
      batches: 200,
      accepted: 99_999,
      filtered: 0,
      quarantined: 0,
      unfinished: 0,
      notProcessed: 1,
    };
    const results = { ...input.mapRun.results, strip: [cell] };
    const [shown] = cellsOf(renderReport({ ...input, mapRun: { ...input.mapRun, results } }));
    expect(shown?.layers).toEqual([
      ['accepted', 100],
      ['unprocessed', 29],
    ]);
  });

  test('are told in words: how they ended, what became of their rows, and which failed', async () => {
    const text = textOf(renderReport(await runs.publishedByBatches()));
    expect(text).toContain('585 processed, 15 recorded as failed.');
    expect(text).toContain('Accepted 2,340 78.0 % Quarantined 585 19.5 % Not processed 75 2.5 %');
    expect(text).toContain('Rows 36–40 Runtime.ExitError 3 Rows 236–240');
    expect(text).toContain('and 3 more batches');
    expect(text).toContain('Results written 3,000 600 Total 3,000 600');
    expect(text).toContain('1: 12 of 600 batches ran again, 588 had been done');
  });

  test('that were never started are not lost sight of', async () => {
    const document = renderReport(await runs.failedInABatch());
    expect(textOf(document)).toContain('60 processed, 1 failed, 39 not started.');
    expect(cellsOf(document).filter(({ title }) => title?.endsWith('5 not finished'))).toHaveLength(39);
    expect(textOf(document)).toContain('PENDING_0.jsonl has rows: as confidential as the raw zone');
  });

  test('are not in the report of a run that has none, and only counted where their results are not complete', async () => {
    expect(renderReport(await runs.published())).not.toContain('id="batches"');
    const input = await runs.failedInABatch();
    const document = renderReport({ ...input, mapRun: input.mapRun && { ...input.mapRun, results: null } });
    expect(cellsOf(document)).toEqual([]);
    expect(textOf(document)).toContain('what became of each batch is not known');
    expect(textOf(document)).toContain('Total 500 100');
  });
});

describe('the bar', () => {
  test('is always full, in order of size, and shows every part that has rows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 8 }), (parts) => {
        const shares = visibleShares(parts);
        const sum = shares.reduce((total, share) => total + share, 0);
        expect(sum).toBeCloseTo(parts.some((part) => part > 0) ? 100 : 0, 6);
        parts.forEach((part, at) => {
          const share = shares[at] ?? 0;
          expect(part > 0 ? share > 1 : share === 0).toBe(true);
          parts.forEach((other, place) => {
            if (part > other) expect(share).toBeGreaterThanOrEqual(shares[place] ?? 0);
          });
        });
      }),
    );
  });
});
