import { basename } from 'node:path';
import { manifestKey } from '@sluice/lake-storage/zones';
import { bytes } from '../terminal/figures.ts';
import { printable } from '../terminal/printable.ts';
import { block } from '../terminal/run-summary.ts';
import { quoted } from '../terminal/shell.ts';
import type { Paint } from '../terminal/terminal.ts';
import type { PutObject } from './put-object.ts';

const OUTCOMES: Readonly<Record<PutObject['outcome'], string>> = {
  new: 'put',
  replaced: 'put as a new version',
  unchanged: 'has the same bytes already',
};

/** One object, as soon as it lies there. */
export const putLine = ({ source, shown, outcome, runId }: PutObject, paint: Paint): string => {
  const words = OUTCOMES[outcome];
  return `\n${block(
    'Object',
    [
      `${printable(shown)}  ${bytes(source.size)}, ${outcome === 'unchanged' ? paint.warn(words) : paint.good(words)}`,
      paint.dim(`run ${runId}`),
    ],
    paint,
  )}\n`;
};

/** What happens next in the embedded lake, and what to type. */
export const embeddedNext = (
  dataset: string,
  objects: readonly PutObject[],
  option: string,
  paint: Paint,
): string => {
  const lines = objects.map(({ source, shown, runId, isOver }) => {
    if (isOver) return `sluice show ${runId}${option}  (its run is over)`;
    const file = basename(source.path) === source.name ? source.path : shown;
    return `sluice run ${quoted(file)} --dataset ${dataset}${option}`;
  });
  const waits = objects.some(({ isOver }) => !isOver);
  return next(
    [
      ...(waits ? ['nothing has run yet; where sluice dev runs, it takes what lands. Without it:'] : []),
      ...lines,
    ],
    paint,
  );
};

/** What happens next in a deployed lake, and what to type. */
export const deployedNext = (
  dataset: string,
  objects: readonly PutObject[],
  environment: string,
  curated: string,
  paint: Paint,
): string => {
  const put = objects.filter(({ outcome }) => outcome !== 'unchanged');
  const [first] = put;
  if (!first) {
    return next(
      ['nothing: put again, the same rows would be in the lake twice. If that is what you want: --again'],
      paint,
    );
  }
  return next(
    [
      `${put.length === 1 ? 'a run of it' : 'a run of each'} starts within seconds. When it is over, its manifest says what became of the rows:`,
      `aws s3 cp s3://${curated}/${manifestKey(dataset, first.runId)} -`,
      `sluice quarantine ls --dataset ${dataset} --env ${environment}`,
    ],
    paint,
  );
};

const next = (lines: readonly string[], paint: Paint): string => `\n${block('Next', lines, paint)}\n`;

/** As `--json` prints it. */
export const putDocument = (dataset: string, environment: string | null, objects: readonly PutObject[]) => ({
  dataset,
  environment,
  objects: objects.map(({ source, object, outcome, runId }) => ({
    file: source.path,
    ...object,
    outcome,
    runId,
  })),
});
