import { CliError } from '../cli-error.ts';
import type { Arguments, Command } from '../command.ts';
import { didYouMean } from '../did-you-mean.ts';
import { openLake } from '../lake/open-lake.ts';
import { embeddedLakeZones, type LakeZones } from '../quarantine/lake-zones.ts';
import { listQuarantine } from '../quarantine/list-quarantine.ts';
import { showQuarantine } from '../quarantine/show-quarantine.ts';
import { isRecordsName } from '../quarantine/stream-records.ts';
import { quoted } from '../terminal/shell.ts';
import type { Terminal } from '../terminal/terminal.ts';

const WAYS = ['ls', 'show', 'replay'] as const;
type Way = (typeof WAYS)[number];

/** What only some of the ways take. */
const TAKEN: Readonly<Record<string, readonly Way[]>> = {
  dataset: ['ls'],
  run: ['ls'],
  reason: ['ls', 'show'],
  limit: ['show'],
  csv: ['show'],
  jsonl: ['show'],
  reveal: ['show'],
  with: ['replay'],
};

export const quarantine: Command = {
  usage: 'quarantine [ls | show RUN | show DATASET/STREAM | replay RUN]',
  summary: 'What could not be taken: which runs it is from, why, and how it gets into the lake after all.',
  details: `ls      lists the runs that have rows, or their whole object, in quarantine, with the reasons, the newest first; then the
        streams whose records could not be read
show    shows the rows of a run, personal data masked; --csv writes them as they came, to be mended. Of a stream's records,
        which ls calls DATASET/STREAM, it shows the text; --jsonl writes it
replay  takes the run's object through its workflow again, with the clock of the first time: after the dataset was
        mended, or --with a file of mended rows. What it leaves takes the place of what the run had left, so nothing
        is in the lake twice, and replaying again changes nothing.

To mend rows:
  sluice quarantine show RUN --csv > rows.csv
  (mend rows.csv; leave its first column as it is; rows that you take out, or do not change, stay in quarantine)
  sluice quarantine replay RUN --with rows.csv

To mend records of a stream, which belong to no object and are not replayed:
  sluice quarantine show DATASET/STREAM --jsonl > records.jsonl
  (mend records.jsonl; take out what is not to be sent)
  npm run produce -- records.jsonl --stream STREAM

RUN is a run id, or as much of its beginning as no other run shares. A reason is a code (missing), or a field and a
code (email.missing). What a file with --csv or --jsonl holds is not masked: treat it like the raw zone.

With --env it is a deployed lake, with your own AWS credentials, as the AWS CLI takes them. They need to read the raw and
the curated zone; to replay also states:DescribeExecution and states:StartExecution, and --with to write to incoming/.

PSEUDONYM_KEY is the key for datasets that pseudonymise; without --env a replay of theirs needs it.`,
  options: {
    dataset: {
      type: 'string',
      value: 'D',
      help: 'ls: only what is of this dataset; _unmatched are records of none',
    },
    run: { type: 'string', value: 'RUN', help: 'ls: only this run' },
    reason: { type: 'string', value: 'R', help: 'ls, show: only what is there for this reason' },
    limit: {
      type: 'string',
      value: 'N',
      help: 'show: at most N rows (default: 20, all with --csv, --jsonl or --json)',
    },
    csv: { type: 'boolean', help: 'show: the rows as they came, as a CSV file to mend' },
    jsonl: { type: 'boolean', help: "show: a stream's records as they came, one a line" },
    reveal: { type: 'boolean', help: 'show: personal data, too' },
    env: { type: 'string', value: 'E', help: 'the lake on AWS: dev, staging or prod' },
    with: { type: 'string', value: 'FILE', help: 'replay: rows that show --csv gave out, mended' },
  },
  positionals: [0, 2],
  run: async (args, terminal) => {
    const [wanted = 'ls', run] = args.positionals;
    const way = WAYS.find((one) => one === wanted);
    if (!way) {
      const hint = didYouMean(wanted, WAYS) || `; there are ${WAYS.join(', ')}`;
      throw new CliError(`there is no quarantine ${JSON.stringify(wanted)}${hint}`);
    }
    checkOptions(way, args);
    if (way === 'ls' && run !== undefined)
      throw new CliError(`${JSON.stringify(run)} is too much: sluice quarantine ls --run ${run}`);
    if (way !== 'ls' && run === undefined)
      throw new CliError(`which run? sluice quarantine ${way} RUN; list them: sluice quarantine ls`);
    if (way === 'replay' && run !== undefined && isRecordsName(run)) {
      throw new CliError(
        `records of a stream belong to no object that could be replayed; mend and send them again: sluice quarantine show ${quoted(run)} --jsonl > records.jsonl, then npm run produce -- records.jsonl --stream ${quoted(run.replace(/^[^/]*\//, ''))}`,
      );
    }
    const environment = args.text('env');
    return environment === undefined
      ? embedded(way, run ?? '', args, terminal)
      : deployed(environment, way, run ?? '', args, terminal);
  },
};

const embedded = async (way: Way, run: string, args: Arguments, terminal: Terminal): Promise<number> => {
  const lake = await openLake(args.lake);
  if (way === 'replay') {
    const { replayEmbedded } = await import('../quarantine/replay-embedded.ts');
    return replayEmbedded(lake, run, args, terminal);
  }
  return look(embeddedLakeZones(lake), way, run, args, terminal);
};

const deployed = async (
  environment: string,
  way: Way,
  run: string,
  args: Arguments,
  terminal: Terminal,
): Promise<number> => {
  const { withDeployedZones } = await import('../quarantine/deployed-zones.ts');
  const { replayDeployed } = await import('../quarantine/replay-deployed.ts');
  return withDeployedZones(environment, (at) =>
    way === 'replay' ? replayDeployed(at, run, args, terminal) : look(at.zones, way, run, args, terminal),
  );
};

const look = (
  zones: LakeZones,
  way: Exclude<Way, 'replay'>,
  run: string,
  args: Arguments,
  terminal: Terminal,
): Promise<number> =>
  way === 'ls' ? listQuarantine(zones, args, terminal) : showQuarantine(zones, run, args, terminal);

const checkOptions = (way: Way, { text, flag }: Arguments): void => {
  for (const [option, ways] of Object.entries(TAKEN)) {
    if ((text(option) === undefined && !flag(option)) || ways.includes(way)) continue;
    throw new CliError(
      `--${option} belongs to sluice quarantine ${ways.join(' and ')}; see: sluice quarantine --help`,
    );
  }
};
