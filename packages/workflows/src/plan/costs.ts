import { assumptions } from './assumptions.ts';
import { prices } from './prices.ts';
import { dpusOf, type FunctionName, type PlanSettings } from './settings.ts';

/** One line of what an object costs. */
export interface CostLine {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  /** US dollars for all of it. */
  readonly usd: number;
}

const line = (what: string, quantity: number, unit: string, each: number): CostLine => ({
  what,
  quantity,
  unit,
  usd: quantity * each,
});

/** A function's invocations, and how long each of them takes. */
export interface Invocations {
  readonly of: FunctionName;
  readonly count: number;
  /** Each. */
  readonly seconds: number;
}

const gb = (mb: number): number => mb / 1024;

export const lambdaCosts = ({ lambda }: PlanSettings, invocations: readonly Invocations[]): CostLine[] => {
  const gbSeconds = invocations.reduce(
    (sum, { of, count, seconds }) => sum + count * seconds * gb(lambda.functions[of].memoryMb),
    0,
  );
  const count = invocations.reduce((sum, one) => sum + one.count, 0);
  return [
    line(`Lambda, ${lambda.architecture}`, gbSeconds, 'GB-seconds', prices.perGbSecond[lambda.architecture]),
    line('Lambda', count, 'requests', prices.perInvocation),
  ];
};

export const transitionCost = (transitions: number): CostLine =>
  line('Step Functions, standard', transitions, 'state transitions', prices.perTransition);

/** Billed by 100 milliseconds begun. */
export const expressCosts = (children: number, seconds: number): CostLine[] => {
  const billed = Math.ceil(seconds * 10) / 10;
  return [
    line('Step Functions, express', children, 'requests', prices.perExpressRequest),
    line(
      'Step Functions, express',
      children * billed * assumptions.expressMemoryGb,
      'GB-seconds',
      prices.perExpressGbSecond,
    ),
  ];
};

/** Each request for an encrypted object asks KMS, but for what a bucket key answers. */
export const storageCosts = (writes: number, reads: number): CostLine[] => [
  line('S3', writes, 'writes', prices.perS3Write),
  line('S3', reads, 'reads', prices.perS3Read),
  line(
    'KMS',
    Math.ceil((writes + reads) / assumptions.s3RequestsPerKeyRequest),
    'requests',
    prices.perKeyRequest,
  ),
];

/**
 * Billed by the second, for a minute at least: https://aws.amazon.com/glue/pricing/. With auto scaling it is so much at
 * most, since workers that have nothing to do are let go.
 */
export const sparkCost = (seconds: number, spark: PlanSettings['spark'], jobs: number): CostLine =>
  line(
    'Glue, Spark',
    (jobs * dpusOf(spark) * Math.max(60, Math.ceil(seconds))) / 3600,
    'DPU-hours',
    prices.perJobDpuHour,
  );

export const sumOf = (lines: readonly CostLine[]): number => lines.reduce((sum, { usd }) => sum + usd, 0);
