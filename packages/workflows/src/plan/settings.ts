import { type CsvMapSettings, largestBatchBytes } from '../csv-map.ts';
import { type Limit, serviceLimits, words } from './service-limits.ts';

/** One Lambda's size, as infra's environments give it. */
interface FunctionSize {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** So many run at once; null: what the account's pool has. */
  readonly reservedConcurrency: number | null;
}

export type FunctionName =
  | 'startPipeline'
  | 'validateObject'
  | 'scoreQuality'
  | 'transformObject'
  | 'publishRun'
  | 'processRows'
  | 'recordFailedRows'
  | 'collectMapRun';

/** What of an environment decides how an object is processed. infra's `Environment` has these members among others. */
export interface PlanSettings {
  readonly region: string;
  readonly lambda: {
    readonly architecture: 'arm64' | 'x86_64';
    readonly functions: Readonly<Record<FunctionName, FunctionSize>>;
  };
  readonly transform: {
    /** Bytes. Larger objects do not go to `transform-object`. */
    readonly lambdaMaxBytes: number;
  };
  /** The Glue job. */
  readonly spark: {
    readonly workerType: keyof typeof dpusOfWorker;
    /** The driver's included. */
    readonly workers: number;
    readonly timeoutMinutes: number;
  };
  readonly map: CsvMapSettings;
}

/** https://docs.aws.amazon.com/glue/latest/dg/worker-types.html */
const dpusOfWorker = { 'G.1X': 1, 'G.2X': 2 } as const;

/** What is paid for while the job runs. */
export const dpusOf = ({
  workerType,
  workers,
}: Pick<PlanSettings['spark'], 'workerType' | 'workers'>): number => workers * dpusOfWorker[workerType];

/** The least that Lambda takes: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const leastMemoryMb = 128;

/**
 * What of the settings AWS would refuse, or could never work: one line for each, with the setting's path, its value, the
 * limit and where it is written. None: they can be deployed.
 */
export const checkMapSettings = ({ map, lambda }: Pick<PlanSettings, 'map' | 'lambda'>): string[] => {
  const faults: string[] = [];
  const fault = (path: string, value: number, what: string, { value: limit, unit, link }: Limit): void => {
    faults.push(`${path} is ${value}; ${what} ${words(limit, unit)} (${link})`);
  };
  const between = (path: string, value: number, [least, most]: readonly [number, number]): void => {
    if (!Number.isFinite(value) || value < least || value > most)
      faults.push(`${path} is ${value}; it is a number from ${least} to ${most}`);
  };
  const whole = (path: string, value: number, least: number): boolean => {
    if (Number.isInteger(value) && value >= least) return true;
    faults.push(`${path} is ${value}; it is a whole number of at least ${least}`);
    return false;
  };

  whole('map.maxItemsPerBatch', map.maxItemsPerBatch, 1);
  if (
    whole('map.maxInputBytesPerBatch', map.maxInputBytesPerBatch, 1024) &&
    map.maxInputBytesPerBatch > largestBatchBytes
  ) {
    fault(
      'map.maxInputBytesPerBatch',
      map.maxInputBytesPerBatch,
      `more than ${largestBatchBytes} leave no room for what a task adds in a payload of`,
      serviceLimits.payloadBytes,
    );
  }
  if (
    whole('map.maxConcurrency', map.maxConcurrency, 0) &&
    map.maxConcurrency > serviceLimits.children.value
  ) {
    fault('map.maxConcurrency', map.maxConcurrency, 'a map run has at most', serviceLimits.children);
  }
  between('map.toleratedFailurePercentage', map.toleratedFailurePercentage, [0, 100]);

  for (const name of ['processRows', 'recordFailedRows', 'collectMapRun'] as const) {
    const { memoryMb, timeoutSeconds } = lambda.functions[name];
    const path = `lambda.functions.${name}`;
    if (
      whole(`${path}.timeoutSeconds`, timeoutSeconds, 1) &&
      timeoutSeconds > serviceLimits.lambdaSeconds.value
    )
      fault(
        `${path}.timeoutSeconds`,
        timeoutSeconds,
        'a Lambda runs for at most',
        serviceLimits.lambdaSeconds,
      );
    if (whole(`${path}.memoryMb`, memoryMb, leastMemoryMb) && memoryMb > serviceLimits.lambdaMemoryMb.value)
      fault(`${path}.memoryMb`, memoryMb, 'a Lambda has at most', serviceLimits.lambdaMemoryMb);
  }

  const { processRows, recordFailedRows } = lambda.functions;
  const longest = processRows.timeoutSeconds + recordFailedRows.timeoutSeconds;
  // The child that fails last in time still has to record its rows.
  if (map.executionType === 'EXPRESS' && longest > serviceLimits.expressSeconds.value) {
    fault(
      'lambda.functions.processRows.timeoutSeconds',
      processRows.timeoutSeconds,
      `with recordFailedRows' ${recordFailedRows.timeoutSeconds} that is ${longest}, and an express child has`,
      serviceLimits.expressSeconds,
    );
  }
  const { reservedConcurrency } = processRows;
  const wanted = map.maxConcurrency === 0 ? serviceLimits.children.value : map.maxConcurrency;
  if (reservedConcurrency !== null && reservedConcurrency < wanted) {
    faults.push(
      `map.maxConcurrency is ${map.maxConcurrency}, and lambda.functions.processRows.reservedConcurrency only ${reservedConcurrency}: the children beyond it would be throttled`,
    );
  }
  return faults;
};
