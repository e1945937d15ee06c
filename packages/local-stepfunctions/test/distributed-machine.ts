import {
  type ExecutionOptions,
  type Json,
  type JsonObject,
  TaskError,
  type TaskHandler,
} from '../src/index.ts';
import { single, start, TASK } from './run-machine.ts';

export const GET = 'arn:aws:states:::s3:getObject';
export const LIST = 'arn:aws:states:::s3:listObjectsV2';
export const PUT = 'arn:aws:states:::s3:putObject';

/** A machine of one Distributed Map. */
export function distributed(fields: object = {}, processor: object = TASK_PROCESSOR): object {
  return single({
    Type: 'Map',
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...processor },
    End: true,
    ...fields,
  });
}

export const TASK_PROCESSOR = { StartAt: 'Work', States: { Work: { ...TASK, End: true } } };
export const PASS_PROCESSOR = { StartAt: 'Same', States: { Same: { Type: 'Pass', End: true } } };
export const EXPRESS = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } };

/** An ItemReader of the object `in/data`. */
export function readerOf(ReaderConfig: object, parameters: object = { Bucket: 'in', Key: 'data' }): object {
  return { ItemReader: { Resource: GET, ReaderConfig, Parameters: parameters } };
}

export const CSV = { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' };

export const WRITER = { ResultWriter: { Resource: PUT, Parameters: { Bucket: 'out', Prefix: 'results' } } };

/** Fails the items for which `fails` says so, gives the others back. */
export function failing(fails: (input: Json) => boolean): Record<string, TaskHandler> {
  return {
    'lambda:invoke': async (input) => {
      if (fails(input)) throw new TaskError('Bad', 'a bad item');
      return input;
    },
  };
}

/** How the execution of a Distributed Map ended, and its Map Run. */
export async function runMap(definition: object, options: Partial<ExecutionOptions> = {}) {
  const execution = start(definition, { handlers: failing(() => false), ...options });
  const result = await execution.result;
  const [mapRun] = execution.mapRuns();
  return { result, execution, mapRun: mapRun?.describe(), id: mapRun?.mapRunArn.split(':').at(-1) ?? '' };
}

/** The counts that are not zero. */
export function nonZero(counts: object | undefined): JsonObject {
  return Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count !== 0));
}
