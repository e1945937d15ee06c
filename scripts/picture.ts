/**
 * Draws docs/architecture.svg, the way of the data. The same text every time; it brings its own background, so that it
 * can be read wherever it is shown, and follows the reader's colour scheme.
 */

const WIDTH = 1200;
const HEIGHT = 600;

const style = `
  svg {
    --paper: #ffffff; --frame: #d0d7de; --card: #f6f8fa; --ink: #1f2328; --quiet: #59636e;
    --water: #8ec5ff; --accepted: #4ac26b; --filtered: #a5b0e8; --duplicate: #c9a6ee; --quarantined: #eac54f; --refused: #cf222e;
    font-family: ui-sans-serif, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --paper: #0d1117; --frame: #3d444d; --card: #151b23; --ink: #f0f6fc; --quiet: #9198a1;
      --water: #1f5fa8; --accepted: #238636; --filtered: #4d5a9e; --duplicate: #7a4fa8; --quarantined: #9e6a03; --refused: #f85149;
    }
  }
  .paper { fill: var(--paper); stroke: var(--frame); }
  .card { fill: var(--card); stroke: var(--frame); }
  .room { fill: none; stroke: var(--frame); }
  .name { fill: var(--ink); font-size: 15px; font-weight: 600; }
  .note { fill: var(--quiet); font-size: 12px; }
  .zone { fill: var(--quiet); font-size: 11px; font-weight: 600; letter-spacing: 1.2px; }
  .rows { fill: var(--ink); font-size: 13px; font-weight: 600; }
  .key { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
  .line { fill: none; stroke: var(--quiet); stroke-width: 1.5; }
  .head { fill: var(--quiet); }
  .refused { fill: none; stroke: var(--refused); stroke-width: 2; }
  .refused-text { fill: var(--refused); font-size: 12px; font-weight: 600; }
  .refused-head { fill: var(--refused); }
  .gate { stroke: var(--ink); stroke-width: 4; stroke-linecap: round; }
  .water { fill: var(--water); } .accepted { fill: var(--accepted); } .filtered { fill: var(--filtered); }
  .duplicate { fill: var(--duplicate); } .quarantined { fill: var(--quarantined); }
`;

type Anchor = 'start' | 'middle' | 'end';

const text = (x: number, y: number, kind: string, content: string, anchor: Anchor = 'start'): string => {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${escaped}</text>`;
};

const box = (kind: string, x: number, y: number, width: number, height: number, radius = 8): string =>
  `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;

/** A stream from `x0` to `x1` whose upper edge falls or climbs from `y0` to `y1`. */
const stream = (
  kind: string,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  depth: number,
): string => {
  const bend = (x0 + x1) / 2;
  return `<path class="${kind}" d="M${x0} ${y0} C${bend} ${y0} ${bend} ${y1} ${x1} ${y1} v${depth} C${bend} ${y1 + depth} ${bend} ${y0 + depth} ${x0} ${y0 + depth} Z"/>`;
};

const arrowHead = (kind: string, x: number, y: number, towards: 'right' | 'up'): string =>
  `<path class="${kind}" d="M${x} ${y} ${towards === 'right' ? 'l-9 -5 v10' : 'l-5 9 h10'} Z"/>`;

interface Door {
  readonly name: string;
  readonly note: string;
}

const doors: readonly Door[] = [
  { name: 'S3 upload', note: 'sluice put FILE --env' },
  { name: 'sluice run FILE', note: 'on one machine' },
  { name: 'Kinesis records', note: 'by ingest-stream' },
  { name: 'HTTP POST', note: 'by way of the stream' },
];

const DOOR = { x: 32, y: 172, width: 160, height: 56, gap: 20 };
const RAW = { x: 252, y: 172, width: 168, height: 284 };
const ROWS = { y: 266, depth: 96 };

const drawDoors = (): string =>
  doors
    .map(({ name, note }, at) => {
      const y = DOOR.y + at * (DOOR.height + DOOR.gap);
      const middle = y + DOOR.height / 2;
      const right = DOOR.x + DOOR.width;
      return [
        box('card', DOOR.x, y, DOOR.width, DOOR.height),
        text(DOOR.x + 16, y + 25, 'name', name),
        text(DOOR.x + 16, y + 43, 'note', note),
        `<path class="line" d="M${right} ${middle} H${RAW.x - 8}"/>`,
        arrowHead('head', RAW.x, middle, 'right'),
      ].join('\n');
    })
    .join('\n');

const drawRaw = (): string => {
  const middle = RAW.x + RAW.width / 2;
  return [
    text(RAW.x + 16, RAW.y + 28, 'zone', 'RAW ZONE'),
    text(RAW.x + 16, RAW.y + 54, 'note key', 'incoming/<dataset>/'),
    text(RAW.x + 16, RAW.y + 232, 'note', 'One object is one run,'),
    text(RAW.x + 16, RAW.y + 250, 'note', 'one manifest.'),
    // How an object makes a run begin.
    box('card', RAW.x, 72, RAW.width, 56),
    text(RAW.x + 16, 97, 'name', 'start-pipeline'),
    text(RAW.x + 16, 115, 'note', 'object created, by SQS'),
    `<path class="line" d="M${middle} ${RAW.y} V136"/>`,
    arrowHead('head', middle, 128, 'up'),
    `<path class="line" d="M${RAW.x + RAW.width} 100 H${ETL.x - 8}"/>`,
    arrowHead('head', ETL.x, 100, 'right'),
  ].join('\n');
};

const ETL = { x: 468, y: 52, width: 464, height: 492 };

interface Step {
  readonly x: number;
  readonly name: string;
  readonly notes: readonly [string, string];
}

const steps: readonly Step[] = [
  { x: 520, name: 'validate', notes: ['name, size,', 'header'] },
  { x: 602, name: 'discover', notes: ['if columns', 'are new'] },
  { x: 680, name: 'score', notes: ['nulls and', 'duplicates'] },
  { x: 764, name: 'transform', notes: ['every row', 'to its fate'] },
  { x: 872, name: 'publish', notes: ['the sum first,', 'manifest last'] },
];

const drawSteps = (): string =>
  [
    text(ETL.x + 20, ETL.y + 28, 'zone', 'STATE MACHINE etl, ON STEP FUNCTIONS OR ON ONE MACHINE'),
    ...steps.flatMap(({ x, name, notes }, at) => {
      const next = steps[at + 1];
      return [
        `<circle class="head" cx="${x}" cy="114" r="5"/>`,
        ...(next ? [`<path class="line" d="M${x + 5} 114 H${next.x - 5}"/>`] : []),
        text(x, 144, 'name', name, 'middle'),
        text(x, 164, 'note', notes[0], 'middle'),
        text(x, 180, 'note', notes[1], 'middle'),
      ];
    }),
  ].join('\n');

const GATES = { valid: 520, good: 680, sum: 872 };
const OUT = { x: 980, width: 188 };

/** What the rows become, from top to bottom; the depths add up to that of the rows that came in. */
const fates = [
  { kind: 'accepted', name: 'accepted', depth: 50, y: 214, to: 150 },
  { kind: 'filtered', name: 'filtered', depth: 26, y: 288, to: 296 },
  { kind: 'duplicate', name: 'duplicates', depth: 6, y: 344, to: 322 },
  { kind: 'quarantined', name: 'quarantined', depth: 14, y: 384, to: 446 },
] as const;

const drawStreams = (): string => {
  const split = 716;
  const straight = 808;
  const tank = RAW.x + 16;
  const bottom = ROWS.y + ROWS.depth;
  let y: number = ROWS.y;
  const parts = fates.flatMap(({ kind, depth, y: middle, to }) => {
    const from = y;
    y += depth;
    return [
      stream(kind, [split, from], [straight, middle], depth),
      `<rect class="${kind}" x="${straight}" y="${middle}" width="${GATES.sum - straight}" height="${depth}"/>`,
      stream(kind, [GATES.sum, middle], [OUT.x, to], depth),
    ];
  });
  return [
    `<path class="water" d="M${split} ${ROWS.y} H${tank + 10} q-10 0 -10 10 V${bottom - 10} q0 10 10 10 H${split} Z"/>`,
    ...parts,
    text(tank + 16, ROWS.y + ROWS.depth / 2 + 5, 'rows', 'rows in'),
    ...fates.map(({ name, y: middle }) => text(GATES.sum - 8, middle - 7, 'rows', name, 'end')),
    // Two gates for the whole object, one for the sum of its rows.
    ...[GATES.valid, GATES.good].map((x) => `<path class="gate" d="M${x} ${ROWS.y - 14} V${bottom + 14}"/>`),
    `<path class="gate" d="M${GATES.sum} 200 V412"/>`,
  ].join('\n');
};

const drawRefusals = (): string => {
  const bottom = ROWS.y + ROWS.depth + 14;
  return [
    ...[GATES.valid, GATES.good].map(
      (x) => `<path class="refused" d="M${x} ${bottom + 4} V488 q0 12 12 12 H${OUT.x - 8}"/>`,
    ),
    arrowHead('refused-head', OUT.x, 500, 'right'),
    text(GATES.valid + 14, 474, 'refused-text', 'not valid'),
    text(GATES.good + 14, 474, 'refused-text', 'below the threshold'),
    text(GATES.valid + 14, 524, 'note', 'The object as a whole; nothing of it is published.'),
  ].join('\n');
};

interface Output {
  readonly y: number;
  readonly height: number;
  readonly key: string;
  readonly notes: readonly string[];
}

const outputs: readonly Output[] = [
  { y: 84, height: 132, key: 'processed/<dataset>/', notes: ['Parquet, in partitions', 'that Glue knows'] },
  {
    y: 252,
    height: 112,
    key: 'runs/<dataset>/',
    notes: ['the manifest: each count,', 'score and file of a run'],
  },
  {
    y: 400,
    height: 132,
    key: 'quarantine/<dataset>/',
    notes: ['rows with their reasons,', 'refused objects whole'],
  },
];

const drawOutputs = (): string =>
  [
    text(OUT.x + 16, 66, 'zone', 'CURATED ZONE'),
    ...outputs.flatMap(({ y, height, key, notes }) => [
      box('card', OUT.x, y, OUT.width, height),
      text(OUT.x + 16, y + height / 2 - 14, 'note key', key),
      ...notes.map((note, at) => text(OUT.x + 16, y + height / 2 + 10 + at * 18, 'note', note)),
    ]),
  ].join('\n');

const description =
  'Doors on the left: S3 upload, sluice run, Kinesis records and HTTP posts. They lead to the raw zone, from there through ' +
  'the state machine etl (validate, discover, score, transform, publish). A gate after validate and one after score send ' +
  'a whole object to quarantine. Transform parts the rows into accepted, filtered, duplicates and quarantined; publish ' +
  'lets them pass only if they add up to the rows that came in. Accepted rows become Parquet, quarantined rows are kept ' +
  'with their reasons, and the manifest counts them all.';

/** The picture as the text of an SVG file. */
export const architectureSvg =
  (): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title description">
<title id="title">The way of the data</title>
<desc id="description">${description}</desc>
<style>${style}</style>
${box('paper', 0.5, 0.5, WIDTH - 1, HEIGHT - 1, 14)}
${box('card', RAW.x, RAW.y, RAW.width, RAW.height)}
${box('room', ETL.x, ETL.y, ETL.width, ETL.height, 12)}
${drawStreams()}
${drawRefusals()}
${drawSteps()}
${drawDoors()}
${drawRaw()}
${drawOutputs()}
${text(ETL.x + ETL.width / 2, 575, 'rows', 'accepted + filtered + duplicates + quarantined = rows in, or nothing is published', 'middle')}
</svg>
`;
