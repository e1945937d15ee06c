import { type Dataset, hasTable } from '@sluice/record-schema';
import { estimateCsv, type ObjectToPlan, planObject } from '@sluice/workflows/plan';
import { CliError } from '../cli-error.ts';
import type { Arguments, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { parseBytes, parseCount } from '../plan/amounts.ts';
import { measureFile } from '../plan/measure-file.ts';
import { readSettings, settingsOf } from '../plan/read-settings.ts';
import { planSummary } from '../terminal/plan-summary.ts';
import { progressLine } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { datasetNamed } from './dataset-named.ts';
import { workflowNamed } from './workflow-named.ts';

export const plan: Command = {
  usage: 'plan FILE --dataset D',
  summary:
    'What an object would take on AWS before it is sent there: workflow, time, cost, and the limits in its way.',
  details: `FILE is measured: a CSV file is read to its end, nothing is written. Without a FILE, --size, --rows and --width say what
is known of a CSV file; what is not is estimated from the dataset's columns. Prices are list prices; assumptions are in
packages/workflows/src/plan. A limit in the way is no failure: the exit code is 0.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'the dataset that the rows belong to (required)' },
    size: { type: 'string', value: 'BYTES', help: 'instead of FILE: its size, such as 10GB or 512MiB' },
    rows: { type: 'string', value: 'N', help: 'instead of FILE: its rows' },
    width: { type: 'string', value: 'BYTES', help: 'instead of FILE: the mean length of its lines' },
    environment: { type: 'string', value: 'E', help: 'dev, staging or prod (default: dev)' },
    settings: {
      type: 'string',
      value: 'FILE',
      help: 'settings of your own instead of an environment: JSON, as --json prints them',
    },
    workflow: {
      type: 'string',
      value: 'W',
      help: "etl or csv-map (default: the dataset's, or by size and format)",
    },
    'at-once': { type: 'string', value: 'N', help: 'objects like it that arrive together (default: 1)' },
  },
  positionals: [0, 1],
  run: async (args, terminal) => {
    const { positionals, json, text } = args;
    const name = text('dataset');
    if (name === undefined)
      throw new CliError('which dataset? sluice plan FILE --dataset D; list them: sluice datasets');
    const dataset = datasetNamed(name);
    const written = text('workflow');
    const workflow = written === undefined ? undefined : workflowNamed(written);
    const atOnce = text('at-once');
    const objectsAtOnce = atOnce === undefined ? 1 : parseCount('at-once', atOnce);
    const { origin, settings } = await settingsFrom(text('settings'), text('environment'));

    const [file] = positionals;
    const object =
      file === undefined ? estimated(dataset, args) : await measured(file, dataset, args, terminal);
    if (workflow === 'csv-map' && object.csv === null)
      throw new CliError(`csv-map takes CSV, and ${file} is ${object.format}; take it through etl`);
    if (workflow === 'csv-map' && hasTable(dataset))
      throw new CliError(`csv-map fills no Delta table, and ${name} has one; take it through etl`);
    const planned = planObject(object, settings, {
      workflow,
      wanted: dataset.workflow,
      intoTable: hasTable(dataset),
      objectsAtOnce,
    });
    const view = {
      dataset: name,
      origin,
      measured: file !== undefined,
      object,
      objectsAtOnce,
      settings,
      ...planned,
    };
    terminal.out(json ? `${JSON.stringify(view)}\n` : planSummary(view, terminal.paint));
    return EXIT.ok;
  },
};

const settingsFrom = async (file: string | undefined, environment: string | undefined) => {
  if (file !== undefined && environment !== undefined)
    throw new CliError('--settings stand for an environment; leave out --environment');
  return file === undefined
    ? { origin: environment ?? 'dev', settings: settingsOf(environment ?? 'dev') }
    : { origin: file, settings: await readSettings(file) };
};

const estimated = ({ fields, source }: Dataset, { text }: Arguments): ObjectToPlan => {
  if (!source.formats.includes('csv'))
    throw new CliError('only CSV can be estimated, and the dataset takes none; give a FILE');
  const size = text('size');
  const rows = text('rows');
  const width = text('width');
  if (size === undefined && rows === undefined)
    throw new CliError(
      'how large is it? sluice plan FILE --dataset D, or --size BYTES, or --rows N instead of FILE',
    );
  if (size !== undefined && rows !== undefined && width !== undefined)
    throw new CliError('--size, --rows and --width: two of them tell the third; leave out one');
  return estimateCsv(
    {
      ...(size === undefined ? {} : { size: parseBytes('size', size) }),
      ...(rows === undefined ? {} : { rows: parseCount('rows', rows) }),
      ...(width === undefined ? {} : { rowBytes: parseBytes('width', width) }),
    },
    fields.map(({ from }) => from),
    source.delimiter,
  );
};

const measured = async (
  file: string,
  dataset: Dataset,
  { text }: Arguments,
  terminal: Terminal,
): Promise<ObjectToPlan> => {
  const extra = ['size', 'rows', 'width'].find((option) => text(option) !== undefined);
  if (extra !== undefined) throw new CliError(`${file} is measured; leave out --${extra}`);
  const line = progressLine(terminal, Date.now);
  try {
    return await measureFile(file, dataset, {
      signal: terminal.signal,
      onBytes: (soFar, size) =>
        line.update({ label: 'Measuring', fraction: size === 0 ? 1 : soFar / size, size, rows: null }),
    });
  } finally {
    line.clear();
  }
};
