import { csvMapMaxBytes } from '../choice.ts';

export type Unit =
  | 'bytes'
  | 'seconds'
  | 'MB'
  | 'children'
  | 'items'
  | 'events'
  | 'map runs'
  | 'functions at once';

/** What AWS does not go beyond. */
export interface Limit {
  readonly value: number;
  readonly unit: Unit;
  /** Where AWS says so. */
  readonly link: string;
}

const statesQuotas = 'https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html';
const lambdaQuotas = 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html';
const itemReader = 'https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html';

/** Each read where its link leads. Those of an account (map runs, Lambdas at once) can be others in yours. */
export const serviceLimits = {
  csvFileBytes: { value: csvMapMaxBytes, unit: 'bytes', link: itemReader },
  csvHeaderBytes: { value: 10 * 1024, unit: 'bytes', link: itemReader },
  /** What comes after it is not read, and nothing says so. */
  itemsRead: { value: 100e6, unit: 'items', link: itemReader },
  itemBytes: { value: 256 * 1024, unit: 'bytes', link: statesQuotas },
  /** Of any state's input or output. */
  payloadBytes: { value: 256 * 1024, unit: 'bytes', link: statesQuotas },
  children: { value: 10_000, unit: 'children', link: statesQuotas },
  openMapRuns: { value: 1000, unit: 'map runs', link: statesQuotas },
  historyEvents: { value: 25_000, unit: 'events', link: statesQuotas },
  expressSeconds: { value: 300, unit: 'seconds', link: statesQuotas },
  lambdaSeconds: { value: 900, unit: 'seconds', link: lambdaQuotas },
  lambdaMemoryMb: { value: 10_240, unit: 'MB', link: lambdaQuotas },
  /** A Spark job's longest timeout: seven days. */
  glueJobSeconds: {
    value: 10_080 * 60,
    unit: 'seconds',
    link: 'https://docs.aws.amazon.com/glue/latest/dg/add-job.html',
  },
  /** Of an account in a region, before anybody asks for more. */
  lambdaConcurrency: { value: 1000, unit: 'functions at once', link: lambdaQuotas },
} as const satisfies Readonly<Record<string, Limit>>;

/** How fast Step Functions works, a second. The first two are hard, the last can be raised. */
export const serviceRates = {
  link: statesQuotas,
  childrenStarted: { STANDARD: 100, EXPRESS: 1000 },
  /** Of all standard executions in an account and region. Express has no such limit. */
  transitions: (region: string): number =>
    ['us-east-1', 'us-west-2', 'eu-west-1'].includes(region) ? 5000 : 800,
} as const;

/** `262,144 bytes` */
export const words = (value: number, unit: Unit): string =>
  `${new Intl.NumberFormat('en-US').format(value)} ${unit}`;
