import { batchFaults } from './batches.ts';
import { collectingFaults } from './behind-batches.ts';
import { type Failure, whatToType, whereTheRowsAre } from './failure.ts';
import { kills } from './kills.ts';
import { badObjects } from './objects.ts';
import { readings } from './readings.ts';

type Cells = readonly string[];

const line = (cells: Cells): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const table = (head: Cells, rows: readonly Cells[]): string =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

const failures = (of: readonly Failure[]): string =>
  table(
    ['what goes wrong', 'what you see', 'exit code', 'tried again', 'where the rows are', 'what to type'],
    of.map(({ what, sees, exitCode, retried, rows, type }) => [
      what,
      sees,
      String(exitCode),
      retried ? `\`${retried[0]}\`, ${retried[1] === 1 ? 'once' : `${retried[1]} times`}` : '—',
      whereTheRowsAre[rows],
      whatToType[type],
    ]),
  );

/** docs/failures.md: every row is a case of the tests that import the same lists. */
export const failureTable = (): string => `# What can go wrong in csv-map

Every row of these tables is made by a test: they are generated from the tests' own cases
([objects](../apps/cli/test/failures/objects.ts), [batches](../apps/cli/test/failures/batches.ts), [what is behind
them](../apps/cli/test/failures/behind-batches.ts), [kills](../apps/cli/test/failures/kills.ts)), which look for the words in code, count the attempts, look for the rows where
the row says they are, and do what it says to type. Then the lake is the same, byte for byte, as that of a run in which
nothing went wrong.

**Nothing is published unless every row of the object is accounted for**, and the raw object stays where it is.

- *Exit codes* are those of \`sluice run\`. On AWS an execution with another one than 0 has failed: 3 and 4 notify the owner
  of the data (\`rejected\`), 1 notifies with the outcome \`failed\` and raises the alarm [failed-runs](runbooks/failed-runs.md).
  An execution that can be redriven has not come to the state that would tell of it; EventBridge does.
- *Dead letters* of batches are in a queue of their own, which has an [alarm](runbooks/failed-batches.md); on one machine
  they are lines on standard error.
- *Tried again* is what the state machine does before the failure counts. It waits up to 2, 4, 8 … seconds for what Lambda
  or a function threw, up to 10 and 20 for what was too slow or died.
- *What to type* is for one machine. For a deployed lake \`sluice redrive\` and \`sluice quarantine\` take \`--env prod\`, and an
  object is run again by [starting its execution anew](runbooks/failed-runs.md#what-to-type-next).
- Where rows are \`not_processed\`, nothing is wrong with them. Their line in quarantine has the error and all their cells.

## The object

What can be known at the entrance is refused there, before anything is paid for.

${failures(badObjects)}

## A batch

A bad row is no failure: it is quarantined with its reasons. These are faults.

${failures(batchFaults)}

## Behind the batches

${failures(collectingFaults)}

## The process, or the machine

${failures(kills)}

The tests kill runs at random as well: \`pnpm --filter @sluice/cli test:crash-rounds\` takes 50 runs through faults of their
batches and kills of the whole process, chosen by a seed, and redrives each until it is over.

## What Step Functions' own reader says

Of the same objects, if nobody looked at them first; and of what csv-map never asks it to read. It pads, cuts and skips in
silence, which is why csv-map [holds every row against the object](adr/0011-csv-map.md).

${table(
  ['what it is given', 'what it says'],
  [
    ...badObjects.map(({ what, reader }) => [what, reader]),
    ...readings.map(({ what, says }) => [what, says]),
  ].map(([what = '', says = '']) => [what, `\`${says}\``]),
)}
`;
