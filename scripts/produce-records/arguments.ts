import { parseArgs } from 'node:util';
import { datasets } from '@sluice/datasets';
import type { PartitionKeyStrategy } from '@sluice/kinesis-producer';
import type { Dataset } from '@sluice/record-schema';
import { ProduceError } from './produce-error.ts';
import { FORMATS, type Format } from './read/open-input.ts';

/** What ingest-stream looks for in our environments. */
const DATASET_FIELD = '_dataset';

const options = {
  stream: { type: 'string', value: 'NAME', help: 'the Kinesis stream' },
  dataset: {
    type: 'string',
    value: 'NAME',
    help: 'whose records they are: told in each, as its first member',
  },
  'dataset-field': {
    type: 'string',
    value: 'NAME',
    help: `that member's name (default: ${DATASET_FIELD}); '' tells nothing`,
  },
  format: {
    type: 'string',
    value: 'FORMAT',
    help: 'csv, json (lines) or parquet (default: by the name; of -, json)',
  },
  generate: {
    type: 'string',
    value: 'N',
    help: 'no file: N made-up records of the dataset, numbered from 1',
  },
  seed: { type: 'string', value: 'N', help: 'which made-up records (default: 1)' },
  'partition-key': {
    type: 'string',
    value: 'KEY',
    help: "field:NAME[,NAME…], hash, random or explicit:HASHKEY (default: the dataset's key, else hash)",
  },
  ordered: { type: 'boolean', help: 'records of one partition key in the order of the input; slower' },
  aggregate: { type: 'boolean', help: 'many small records in one, in the format of the KPL' },
  rate: { type: 'string', value: 'N', help: 'at most N records a second' },
  endpoint: { type: 'string', value: 'URL', help: 'another endpoint than that of AWS' },
  region: {
    type: 'string',
    value: 'NAME',
    help: 'default: what the environment says; with --endpoint us-east-1',
  },
  checkpoint: { type: 'string', value: 'FILE', help: 'where to note how far the stream has acknowledged' },
  'no-checkpoint': { type: 'boolean', help: 'note nothing, and start at the first record' },
  refused: {
    type: 'string',
    value: 'FILE',
    help: 'a line for each refused record: its number and the reason',
  },
  'dry-run': { type: 'boolean', help: 'read and check all, say what would be sent, send nothing' },
  json: { type: 'boolean', help: 'print one JSON document on standard output' },
  help: { type: 'boolean', short: 'h', help: 'print this' },
} as const;

const USAGE = 'pnpm produce FILE --stream NAME [--dataset NAME] [options]';
const SEE_HELP = 'see: pnpm produce --help';

export const help = `${USAGE}

Sends the records of a file to a Kinesis stream: CSV, JSON lines or Parquet, the first two also gzipped, or standard
input if FILE is -. Each record is sent at least once: started again after Ctrl-C or a crash, it goes on behind what the
stream has acknowledged.

Options
${Object.entries(options)
  .map(([name, option]) => {
    const left = `--${name}${'value' in option ? ` ${option.value}` : ''}`;
    return `  ${left.padEnd(21)} ${option.help}`;
  })
  .join('\n')}

Exit codes
  0  done                              3  done, but some records were refused
  1  failed: stream, network or input  130, 143  stopped by a signal
  2  a mistake in the command line
`;

export interface ProduceArguments {
  readonly stream: string;
  readonly source:
    | { readonly kind: 'file'; readonly path: string; readonly format: Format | null }
    | {
        readonly kind: 'generated';
        readonly dataset: Dataset;
        readonly count: number;
        readonly seed: number;
      };
  readonly dataset: Dataset | null;
  readonly datasetField: string | null;
  readonly partitionKey: PartitionKeyStrategy;
  readonly ordered: boolean;
  readonly aggregate: boolean;
  readonly rate: number | null;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** `default`: beside those of other inputs, if the input is one that can be read again. */
  readonly checkpoint: { readonly file: string } | 'default' | null;
  readonly refused: string | null;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Null if the help is wanted. Throws ProduceError with what is wrong. */
export const parseArguments = (args: readonly string[]): ProduceArguments | null => {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  if (!values.stream) throw new ProduceError(`--stream is missing: ${USAGE}; ${SEE_HELP}`);
  const dataset = values.dataset === undefined ? null : datasetNamed(values.dataset);
  const datasetField = values['dataset-field'] ?? DATASET_FIELD;
  if (values['dataset-field'] && !dataset)
    throw new ProduceError(`--dataset-field needs --dataset; ${SEE_HELP}`);
  if (values['no-checkpoint'] && values.checkpoint !== undefined)
    throw new ProduceError('--checkpoint and --no-checkpoint exclude each other');
  if (values.endpoint !== undefined && !/^https?:\/\/./.test(values.endpoint))
    throw new ProduceError(
      `--endpoint has to be a URL such as http://127.0.0.1:4567, not ${JSON.stringify(values.endpoint)}`,
    );
  return {
    stream: values.stream,
    source: sourceOf(values, positionals, dataset),
    dataset,
    datasetField: dataset && datasetField !== '' ? datasetField : null,
    partitionKey: partitionKeyOf(values['partition-key'], dataset),
    ordered: values.ordered ?? false,
    aggregate: values.aggregate ?? false,
    rate: values.rate === undefined ? null : amount('rate', values.rate, 1),
    endpoint: values.endpoint,
    // An emulator does not mind which one, but signatures need one.
    region: values.region ?? (values.endpoint && !process.env.AWS_REGION ? 'us-east-1' : undefined),
    checkpoint: values['no-checkpoint']
      ? null
      : values.checkpoint === undefined
        ? 'default'
        : { file: filled('checkpoint', values.checkpoint) },
    refused: values.refused === undefined ? null : filled('refused', values.refused),
    dryRun: values['dry-run'] ?? false,
    json: values.json ?? false,
  };
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node's message goes on with advice for programmers.
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new ProduceError(`${first.replace(/\.$/, '')}; ${SEE_HELP}`);
  }
};
type Values = ReturnType<typeof parsed>['values'];

const sourceOf = (
  { generate, seed, format }: Values,
  positionals: readonly string[],
  dataset: Dataset | null,
): ProduceArguments['source'] => {
  const [path, ...more] = positionals;
  if (more.length > 0)
    throw new ProduceError(`${JSON.stringify(more[0])} is too much: one file at a time; ${SEE_HELP}`);
  if (generate !== undefined) {
    if (path !== undefined) throw new ProduceError(`--generate and a file exclude each other; ${SEE_HELP}`);
    if (!dataset) throw new ProduceError(`--generate needs --dataset; ${SEE_HELP}`);
    const count = amount('generate', generate, 1);
    return { kind: 'generated', dataset, count, seed: seed === undefined ? 1 : amount('seed', seed, 0) };
  }
  if (seed !== undefined) throw new ProduceError(`--seed needs --generate; ${SEE_HELP}`);
  if (path === undefined) throw new ProduceError(`a file is missing: ${USAGE}; ${SEE_HELP}`);
  const known = FORMATS.find((one) => one === format) ?? null;
  if (format !== undefined && known === null)
    throw new ProduceError(`--format is one of ${FORMATS.join(', ')}, not ${JSON.stringify(format)}`);
  return { kind: 'file', path, format: known };
};

const datasetNamed = (name: string): Dataset => {
  const dataset = datasets.get(name);
  if (dataset) return dataset;
  throw new ProduceError(
    `there is no dataset ${JSON.stringify(name)}; there are: ${[...datasets.keys()].join(', ')}`,
  );
};

const partitionKeyOf = (wanted: string | undefined, dataset: Dataset | null): PartitionKeyStrategy => {
  if (wanted === undefined) {
    const key = dataset?.key?.map(
      (name) => dataset.fields.find((field) => field.name === name)?.from ?? name,
    );
    return key ? { strategy: 'field', field: key } : { strategy: 'hash' };
  }
  const [strategy, detail = ''] = wanted.split(/:(.*)/s);
  if ((strategy === 'hash' || strategy === 'random') && !wanted.includes(':')) return { strategy };
  if (strategy === 'field' && detail !== '') return { strategy, field: detail.split(',') };
  if (strategy === 'explicit' && /^\d{1,39}$/.test(detail) && BigInt(detail) < 1n << 128n)
    return { strategy, explicitHashKey: BigInt(detail).toString() };
  throw new ProduceError(
    `--partition-key is field:NAME, hash, random or explicit:HASHKEY (a number below 2^128), not ${JSON.stringify(wanted)}`,
  );
};

const amount = (option: string, text: string, least: number): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new ProduceError(
    `--${option} has to be a whole number of ${least} or more, not ${JSON.stringify(text)}`,
  );
};

const filled = (option: string, file: string): string => {
  if (file === '') throw new ProduceError(`--${option} needs a file; ${SEE_HELP}`);
  return file;
};
