import type { Dataset } from '@sluice/record-schema';
import type { Command } from '../command.ts';
import { DEMO_AS_OF, hollowOrders, messyOrders, ordersWithoutId } from '../demo/messy-orders.ts';
import { EXIT } from '../exit-codes.ts';
import { type Lake, openOrCreateLake } from '../lake/open-lake.ts';
import { runFile } from '../run/run-file.ts';
import { reportRun } from '../run/run-report.ts';
import type { RunView } from '../run/run-view.ts';
import { count, duration } from '../terminal/figures.ts';
import { runSummary } from '../terminal/run-summary.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { watchRun } from '../terminal/watch-run.ts';
import { datasetNamed } from './dataset-named.ts';

const ROWS = 100_000;

interface Scene {
  readonly name: string;
  readonly about: string;
  readonly content: () => Iterable<Uint8Array>;
  readonly ends: RunView['status'];
}

const scenes: readonly Scene[] = [
  {
    name: 'orders-without-id.csv',
    about: 'A shop renamed a required column. The object is refused before a row is read.',
    content: ordersWithoutId,
    ends: 'rejected',
  },
  {
    name: 'orders-hollow.csv',
    about: 'An export lost most of its cells. It is valid, but scores below the threshold.',
    content: hollowOrders,
    ends: 'rejected',
  },
  {
    name: 'orders.csv',
    about: `About ${count(ROWS)} messy rows with a column nobody declared. They are discovered, scored, cleansed and published.`,
    content: () => messyOrders(ROWS),
    ends: 'published',
  },
];

export const demo: Command = {
  usage: 'demo',
  summary:
    'Makes messy orders and takes them through the lake: one file is published, two are refused as they should be.',
  details: 'The orders are the same every time, and so is the lake: a second demo changes nothing.',
  options: {},
  positionals: [0, 0],
  run: async ({ lake: folder, json }, terminal) => {
    const lake = await openOrCreateLake(folder);
    const dataset = datasetNamed('orders');
    const startedAt = Date.now();
    const views: RunView[] = [];
    for (const [at, scene] of scenes.entries()) {
      terminal.err(`\n${terminal.paint.bold(`${at + 1}  ${scene.name}`)}\n   ${scene.about}\n`);
      const view = await play(lake, dataset, scene, terminal);
      views.push(view);
      terminal.err(at === scenes.length - 1 ? runSummary(view, terminal.paint) : shortly(view, terminal));
      if (view.status === 'stopped') return EXIT.interrupted;
    }
    const asMeant = views.every(({ status }, at) => status === scenes[at]?.ends);
    terminal.err(
      `\n  ${ending(asMeant)} ${duration(Date.now() - startedAt)} in all. All runs: sluice runs${lake.option}\n`,
    );
    if (startedByNpm(terminal)) {
      terminal.err(
        `  For "sluice …", type "npm start -- …" here, or: alias sluice="node $PWD/scripts/bootstrap.js start"\n`,
      );
    }
    if (json) terminal.out(`${JSON.stringify(views)}\n`);
    return asMeant ? EXIT.ok : EXIT.fault;
  },
};

/** A newcomer who typed `npm start` has no command called sluice yet. */
const startedByNpm = ({ env }: Terminal): boolean => env.npm_lifecycle_event === 'start';

const ending = (asMeant: boolean): string =>
  asMeant
    ? 'One file published, two refused, as meant: every row is accounted for.'
    : 'Not every run ended as it was meant to.';

/** Files of the demo lie in the lake, so that one can look at them. */
const play = async (lake: Lake, dataset: Dataset, scene: Scene, terminal: Terminal): Promise<RunView> => {
  const at = { bucket: 'demo', key: scene.name };
  await lake.store.put(at, chunksOf(scene.content()));
  const watcher = watchRun(terminal);
  try {
    const finished = await runFile({
      workflow: 'etl',
      lake,
      dataset,
      file: lake.shown(at),
      asOf: DEMO_AS_OF,
      signal: terminal.signal,
      watcher,
    });
    return await reportRun(lake, dataset, finished);
  } finally {
    watcher.done();
  }
};

async function* chunksOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const shortly = ({ status, manifest, files, next }: RunView, { paint }: Terminal): string => {
  const why = manifest?.status === 'rejected' ? manifest.message : 'see its report';
  const lines = [
    `${paint.warn(status === 'rejected' ? 'refused' : status)}: ${why}`,
    ...(files.quarantine === null ? [] : [`kept in ${files.quarantine}`]),
    ...(next[0] ? [`${next[0].purpose.toLowerCase()}: ${next[0].line}`] : []),
  ];
  return lines.map((line) => `   ${line}\n`).join('');
};
