import type { Choice, Task } from './asl.ts';
import { runArgument, type SparkJob, startSlackSeconds } from './spark-job.ts';
import { caughtBy, glueJobRetries } from './tasks.ts';

type Test = { readonly Variable: `$.${string}`; readonly BooleanEquals: boolean };
type Rule<Next> = Choice<Next>['Choices'][number];

const isOf = (dataset: string) => ({ Variable: '$.dataset', StringEquals: dataset }) as const;

/** Whatever of an object is refused, rows that an earlier run of it had merged go first. */
export const retractRules = (datasets: readonly string[]): readonly Rule<'RetractRows'>[] =>
  datasets.map((dataset) => ({ ...isOf(dataset), Next: 'RetractRows' }));

/** Rows of these datasets that pass are merged before they are published. */
export const mergeRules = (passed: Test, datasets: readonly string[]): readonly Rule<'MergeTable'>[] =>
  datasets.map((dataset) => ({ And: [passed, isOf(dataset)], Next: 'MergeTable' }));

/** The rules of a Choice, with those in front that there may be none of. */
export const inFront = <Next>(
  some: readonly Rule<Next>[],
  ...rules: Choice<Next>['Choices']
): Choice<Next>['Choices'] => {
  const [first, ...others] = some;
  return first === undefined ? rules : [first, ...others, ...rules];
};

/** @throws Error of one line if there is no job to merge with */
const mergeJobOf = (job: SparkJob, datasets: readonly string[]): string => {
  const name = job.kind === 'glue' ? job.mergeName : undefined;
  if (name !== undefined || datasets.length === 0) return name ?? '';
  const why =
    job.kind === 'glue' ? 'the job has no mergeName' : 'on EMR Serverless nothing keeps two merges apart';
  throw new Error(`Delta tables (${datasets.join(', ')}) need a Glue job that merges, one at a time: ${why}`);
};

/**
 * Merges what is staged into the dataset's table, or takes back what was merged of the object. One run of the job is under
 * way at a time, and the others wait for their turn.
 */
export const tableJobs = <const OnMerged, const OnRetracted, const OnError>(parts: {
  readonly job: SparkJob;
  readonly datasets: readonly string[];
  readonly onMerged: OnMerged;
  readonly onRetracted: OnRetracted;
  readonly onError: OnError;
}) => {
  const { job, datasets, onMerged, onRetracted, onError } = parts;
  const JobName = mergeJobOf(job, datasets);
  const task = <const Next>(
    Comment: string,
    step: 'merge' | 'retract',
    Next: Next,
  ): Task<Next | OnError> => ({
    Type: 'Task',
    Comment,
    Resource: 'arn:aws:states:::glue:startJobRun.sync',
    Parameters: { JobName, Arguments: { '--run.$': runArgument, '--step': step } },
    ResultPath: null,
    TimeoutSeconds: job.timeoutSeconds + startSlackSeconds,
    Retry: glueJobRetries,
    Catch: caughtBy<Next | OnError>(onError),
    Next,
  });
  return {
    MergeTable: task('Spark merges the staged rows into the table, in one commit.', 'merge', onMerged),
    RetractRows: task(
      'Spark takes back what an earlier run of the object had merged.',
      'retract',
      onRetracted,
    ),
  };
};
