import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { LocalSource } from '../lake/land-file.ts';
import { openOrCreateLake } from '../lake/open-lake.ts';
import { settingsOf } from '../plan/read-settings.ts';
import { filesToPut } from '../put/files-to-put.ts';
import { putEmbedded } from '../put/put-embedded.ts';
import type { PutObject, Putting } from '../put/put-object.ts';
import { deployedNext, embeddedNext, putDocument, putLine } from '../put/put-summary.ts';
import { printable } from '../terminal/printable.ts';
import { type ProgressLine, progressLine } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { datasetNamed } from './dataset-named.ts';

interface PutFiles {
  readonly dataset: Dataset;
  readonly files: readonly string[];
  readonly name: string | undefined;
  readonly again: boolean;
}

export const put: Command = {
  usage: 'put FILE… --dataset D',
  summary: 'Puts files into the raw zone, as incoming/<dataset>/<name>: here, or with --env on AWS.',
  details: `A FILE is looked at first: one that a run would refuse at once is not put, and none of the others either. It lands whole
or not at all, under its own name. Stopped, or after a failure, type the same command again: what is there is not put twice.

Here nothing runs until sluice dev takes the file, or you run it. With --env it goes to the raw bucket of that environment,
with your own AWS credentials, as the AWS CLI takes them, and its run starts by itself. They need to read and write
incoming/ there, and to use its key. S3 checks the bytes by SHA-256; large files go in parts, four at a time, which are taken
back if not all arrive.

The same bytes under the same name are not put again: on AWS that would be a new version, and its run would publish the same
rows once more. Other bytes under a name that is taken are a new version with a run of its own, and the rows of the former
one stay.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'the dataset that the rows belong to (required)' },
    env: { type: 'string', value: 'E', help: 'to the lake on AWS: dev, staging or prod' },
    name: { type: 'string', value: 'NAME', help: 'its name in the raw zone (default: that of the file)' },
    again: { type: 'boolean', help: 'with --env: put bytes that are there already; their rows come twice' },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async ({ positionals: files, lake, json, text, flag }, terminal) => {
    const wanted = text('dataset');
    if (wanted === undefined)
      throw new CliError(`which dataset? sluice put ${files[0]} --dataset D; list them: sluice datasets`);
    const environment = text('env');
    const again = flag('again');
    if (again && environment === undefined)
      throw new CliError('--again is for --env: in a folder, the same bytes are the same object');
    const request = { dataset: datasetNamed(wanted), files, name: text('name'), again };
    const [objects, next] = await (environment === undefined
      ? embedded(lake, request, terminal)
      : deployed(environment, request, terminal));
    terminal.err(next);
    if (json) terminal.out(`${JSON.stringify(putDocument(wanted, environment ?? null, objects))}\n`);
    return EXIT.ok;
  },
};

const embedded = async (
  folder: string,
  { dataset, files, name }: PutFiles,
  terminal: Terminal,
): Promise<[readonly PutObject[], string]> => {
  const sources = await filesToPut({ paths: files, dataset, name });
  const lake = await openOrCreateLake(folder);
  const objects = await eachInTurn(sources, terminal, (source, putting, line) =>
    putEmbedded(lake, dataset, source, {
      ...putting,
      onWait: () => {
        line.clear();
        terminal.err('  Another process runs an object of this name; waiting for it.\n');
      },
    }),
  );
  return [objects, embeddedNext(dataset.name, objects, lake.option, terminal.paint)];
};

const deployed = async (
  environment: string,
  { dataset, files, name, again }: PutFiles,
  terminal: Terminal,
): Promise<[readonly PutObject[], string]> => {
  // A misspelt environment is told of before any file is looked at.
  settingsOf(environment);
  const sources = await filesToPut({ paths: files, dataset, name });
  const [{ openDeployedLake }, { withDeployedPut }] = await Promise.all([
    import('../deployed/deployed-lake.ts'),
    import('../put/put-deployed.ts'),
  ]);
  const lake = await openDeployedLake(environment);
  terminal.signal.addEventListener('abort', () =>
    terminal.err('\n  Stopping: the parts under way are waited for, and then taken back.\n'),
  );
  const objects = await withDeployedPut(lake, dataset, (at) =>
    eachInTurn(sources, terminal, (source, putting) => at.put(source, again, putting)),
  );
  const curated = lake.bucketOf('curated');
  return [objects, deployedNext(dataset.name, objects, environment, curated, terminal.paint)];
};

/** One after another: the parts of one file use the network well enough, and what is done is done. */
const eachInTurn = async (
  sources: readonly LocalSource[],
  terminal: Terminal,
  work: (source: LocalSource, putting: Putting, line: ProgressLine) => Promise<PutObject>,
): Promise<readonly PutObject[]> => {
  const line = progressLine(terminal, Date.now);
  const done: PutObject[] = [];
  try {
    for (const source of sources) {
      const { size } = source;
      const name = printable(source.name);
      const label = sources.length === 1 ? name : `${name} (${done.length + 1} of ${sources.length})`;
      const onBytes: Putting['onBytes'] = (what, soFar) =>
        line.update({
          label: what === 'put' ? label : `comparing ${label}`,
          fraction: soFar / size,
          size,
          rows: null,
        });
      const object = await work(source, { signal: terminal.signal, onBytes }, line);
      line.clear();
      terminal.err(putLine(object, terminal.paint));
      done.push(object);
    }
  } finally {
    line.clear();
  }
  return done;
};
