import {
  createVirtualClock,
  type HistoryEvent,
  loadDefinition,
  startExecution,
  TaskError,
} from '@sluice/local-stepfunctions';
import { defineDataset, double, text, timestamp } from '@sluice/record-schema';
import type { Manifest, QualityReport, RunInput } from '@sluice/step-contracts';
import { etlDefinition } from '@sluice/workflows';
import type { QuarantinedRow, ReportInput } from '../src/report/report-input.ts';
import { csvMap, runBatches } from './csv-map-runs.ts';

/** Stands in every value of a PII field and in every malformed row. */
export const CANARY = 'jane.canary@example.com';

export const dataset = defineDataset({
  name: 'orders',
  fields: {
    id: text({ required: true }),
    name: text({ trim: true, upper: true, default: 'UNKNOWN' }),
    email: text({ pii: true, from: 'E-Mail', pattern: '^[^@]+@[^@]+$' }),
    amount: double({ min: 0 }),
    quantity: double(),
    status: text({ oneOf: ['ACTIVE', 'PENDING', 'CLOSED'] }),
    created_date: timestamp(),
    region_code: text(),
  },
});

const lambda = (name: string) => ({
  arn: `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
  timeoutSeconds: 60,
});

export const definition = etlDefinition({
  functions: {
    validateObject: lambda('validate-object'),
    scoreQuality: lambda('score-quality'),
    transformObject: lambda('transform-object'),
    publishRun: lambda('publish-run'),
  },
  crawlerPrefix: 'raw-',
  job: { kind: 'glue', name: 'transform', timeoutSeconds: 3_600, logGroup: '/aws-glue/jobs/output' },
  sparkDatasets: [],
  topicArn: 'arn:aws:sns:eu-central-1:123456789012:runs',
  curatedBucket: 'curated',
  limits: { lambdaMaxBytes: 100_000_000, crawlerCheckSeconds: 20, crawlerMaxChecks: 10 },
});

const run: RunInput = {
  runId: 'orders-3f9a1c07d2e84b56',
  dataset: 'orders',
  asOf: '2026-11-21T14:00:00Z',
  object: {
    bucket: 'raw',
    key: 'incoming/orders/2026/11/21/shop-berlin.csv',
    size: 186_240,
    etag: '9b2cf535f27731c974343645a3985328',
  },
};

/** What the steps answer, and how the one that fails does. */
interface Answers {
  readonly headerKnown?: boolean;
  readonly valid?: boolean;
  readonly passed?: boolean;
  readonly size?: number;
  readonly transformFails?: 'once' | 'always';
}

/** Runs the real state machine with steps that only take their time. */
const historyOf = async (answers: Answers): Promise<readonly HistoryEvent[]> => {
  const clock = createVirtualClock(Date.parse(run.asOf));
  let crawlerChecks = 0;
  let transforms = 0;
  const counts = { rowsIn: 1204, accepted: 1180, filtered: 12, duplicates: 4, quarantined: 8 };
  const steps: Readonly<Record<string, readonly [milliseconds: number, answer: () => object]>> = {
    'validate-object': [
      86,
      () => ({ valid: answers.valid ?? true, headerKnown: answers.headerKnown ?? true }),
    ],
    'score-quality': [412, () => ({ passed: answers.passed ?? true, score: 91.5 })],
    'transform-object': [
      1_840,
      () => {
        transforms += 1;
        if (answers.transformFails === 'always')
          throw new TaskError('OutOfMemory', 'memory limit of 1.8 GB is reached');
        if (answers.transformFails && transforms === 1)
          throw new TaskError('Lambda.ServiceException', 'try again');
        return { engine: 'duckdb' };
      },
    ],
    'publish-run': [
      240,
      () => ({
        counts,
        gate: answers.valid === false ? 'validation' : 'quality',
        code: 'missing_column',
        message: 'no',
        manifest: { bucket: 'curated', key: 'runs/orders/orders-3f9a1c07d2e84b56.json' },
      }),
    ],
  };
  const sleep = (milliseconds: number, signal: AbortSignal) => clock.sleep(milliseconds, signal);
  const execution = startExecution(loadDefinition(definition), {
    name: run.runId,
    input: { ...run, object: { ...run.object, size: answers.size ?? run.object.size } },
    clock,
    random: () => 0.5,
    handlers: {
      'lambda:invoke': async (input, { signal }) => {
        const [milliseconds, answer] = steps[/function:([a-z-]+)/.exec(JSON.stringify(input))?.[1] ?? ''] ?? [
          0,
          () => ({}),
        ];
        await sleep(milliseconds, signal);
        return { Payload: answer() };
      },
      'aws-sdk:glue:startCrawler': async (_, { signal }) => sleep(310, signal).then(() => ({})),
      'aws-sdk:glue:getCrawler': async (_, { signal }) => {
        await sleep(120, signal);
        crawlerChecks += 1;
        return {
          Crawler: { State: crawlerChecks > 2 ? 'READY' : 'RUNNING', LastCrawl: { Status: 'SUCCEEDED' } },
        };
      },
      'glue:startJobRun.sync': async (_, { signal }) => sleep(184_000, signal).then(() => ({})),
      'sns:publish': async (_, { signal }) => sleep(31, signal).then(() => ({})),
    },
  });
  await execution.result;
  return execution.history();
};

const columns = (nulls: readonly number[], invalid: readonly number[]): QualityReport['profile']['columns'] =>
  dataset.fields.map(({ name, type }, at) => ({
    name,
    type,
    nulls: nulls[at] ?? 0,
    invalid: invalid[at] ?? 0,
    ...(name === 'region_code' ? { numericLooking: 1188 } : {}),
  }));

const goodQuality: QualityReport = {
  profile: {
    rowsIn: 1204,
    malformed: 2,
    duplicates: 4,
    columns: columns([3, 148, 402, 21, 2, 2, 14, 2], [0, 0, 2, 3, 0, 1, 0, 0]),
  },
  verdict: {
    score: 93.5,
    threshold: 70,
    passed: true,
    costs: [
      { figure: 'nulls', points: 6.17, because: '594 of 9632 cells are null' },
      { figure: 'duplicates', points: 0.33, because: '4 of 1204 rows are duplicates' },
    ],
    findings: [
      { level: 'warning', code: 'many_nulls', field: 'email', message: '33.4 % of all cells are null' },
      {
        level: 'note',
        code: 'numeric_text',
        field: 'region_code',
        message: '98.8 % of the values look numeric',
      },
    ],
    checks: [
      { check: 'max_null_percent', field: 'id', level: 'error', passed: true, actual: 0.25, allowed: 1 },
      {
        check: 'max_invalid_percent',
        field: 'amount',
        level: 'warning',
        passed: false,
        actual: 0.25,
        allowed: 0.1,
      },
    ],
  },
};

const badQuality: QualityReport = {
  profile: {
    rowsIn: 310,
    malformed: 0,
    duplicates: 61,
    columns: columns([0, 180, 201, 44, 60, 120, 88, 2], [0, 0, 0, 31, 0, 0, 4, 0]),
  },
  verdict: {
    score: 52.3,
    threshold: 70,
    passed: false,
    costs: [
      { figure: 'nulls', points: 28.02, because: '695 of 2480 cells are null' },
      { figure: 'duplicates', points: 19.68, because: '61 of 310 rows are duplicates' },
    ],
    findings: [
      { level: 'warning', code: 'many_nulls', message: '28.0 % of all cells are null' },
      { level: 'warning', code: 'many_duplicates', message: '19.7 % of all rows are duplicates' },
    ],
    checks: [{ check: 'min_rows', level: 'error', passed: false, actual: 310, allowed: 1000 }],
  },
};

const record = (row: number, changes: Readonly<Record<string, string | null>>): QuarantinedRow['record'] => ({
  id: `B-${20_000 + row}`,
  name: 'Jane Canary',
  'E-Mail': CANARY,
  amount: '120.50',
  quantity: '2',
  status: 'ACTIVE',
  created_date: '2026-11-20 09:14:00',
  region_code: '02',
  ...changes,
});

const examples: readonly QuarantinedRow[] = [
  {
    row: 17,
    reasons: [{ field: 'amount', code: 'not_a_number' }],
    record: record(17, { amount: '1.204,50' }),
    raw: null,
  },
  {
    row: 94,
    reasons: [{ field: null, code: 'wrong_field_count' }],
    record: null,
    raw: `B-20094,Jane,${CANARY},12`,
  },
  {
    row: 230,
    reasons: [
      { field: 'amount', code: 'not_a_number' },
      { field: 'status', code: 'not_allowed' },
    ],
    record: record(230, { amount: 'twelve', status: 'active ', name: `write to ${CANARY.toUpperCase()}` }),
    raw: null,
  },
  {
    row: 611,
    reasons: [{ field: 'email', code: 'pattern_mismatch' }],
    record: record(611, { 'E-Mail': 'jane.canary at example' }),
    raw: null,
  },
  { row: 702, reasons: [{ field: 'id', code: 'missing' }], record: record(702, { id: null }), raw: null },
];

const published: Manifest = {
  manifestVersion: 1,
  status: 'published',
  ...run,
  format: 'csv',
  engine: 'duckdb',
  counts: {
    rowsIn: 1204,
    accepted: 1180,
    filtered: [
      { rule: 'active_or_pending', rows: 9 },
      { rule: 'recent', rows: 3 },
    ],
    duplicates: 4,
    quarantined: 8,
    reasons: [
      { field: 'amount', code: 'not_a_number', rows: 3 },
      { field: null, code: 'wrong_field_count', rows: 2 },
      { field: 'email', code: 'pattern_mismatch', rows: 2 },
      { field: 'id', code: 'missing', rows: 1 },
      { field: 'status', code: 'not_allowed', rows: 1 },
    ],
  },
  partition: [
    { column: 'process_year', value: 2026 },
    { column: 'process_month', value: 11 },
    { column: 'process_day', value: 21 },
  ],
  files: [
    {
      key: 'processed/orders/process_year=2026/process_month=11/process_day=21/4be1c7d09f26-0.parquet',
      rows: 1180,
      bytes: 48_213,
    },
  ],
  quarantine: { key: 'quarantine/orders/orders-3f9a1c07d2e84b56.jsonl', rows: 8, bytes: 2_114 },
  unknownColumns: ['coupon'],
  quality: goodQuality,
};

const memoized = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const commands = [
  { purpose: 'Look at the quarantined rows', line: 'sluice quarantine orders-3f9a1c07d2e84b56' },
  {
    purpose: 'Ask the curated table',
    line: 'sluice query "SELECT region_name, count(*) FROM orders GROUP BY 1"',
  },
];
const show = [{ purpose: 'Look at the run again', line: `sluice show ${run.runId}` }];

const shared = {
  dataset,
  definition,
  mapRun: null,
  engine: null,
  redrive: null,
  examples: [],
  commands: show,
};

/** More than a strip has cells. Its batches take a second, and every report of it is of the same. */
const failingBatches = memoized(() =>
  runBatches({
    runId: run.runId,
    count: 600,
    luckOf: (batch) => (batch % 40 === 7 ? 'recorded' : batch % 90 === 3 ? 'retried' : 'processed'),
  }),
);
const brokenBatches = memoized(() =>
  runBatches({ runId: run.runId, count: 100, luckOf: (batch) => (batch === 60 ? 'failed' : 'processed') }),
);

/** One run of each kind, with the history that the real state machine leaves. */
export const runs = {
  published: async (): Promise<ReportInput> => ({
    ...shared,
    run: published,
    history: await historyOf({}),
    examples,
    commands,
  }),
  publishedByADetour: async (): Promise<ReportInput> => ({
    ...shared,
    run: { ...published, engine: 'spark' },
    engine: { engine: 'spark', because: '4.0 GB is more than 512 MiB' },
    history: await historyOf({ headerKnown: false, size: 4_000_000_000 }),
    examples,
    commands,
  }),
  publishedAfterARetry: async (): Promise<ReportInput> => ({
    ...shared,
    run: published,
    history: await historyOf({ transformFails: 'once' }),
  }),
  refused: async (): Promise<ReportInput> => ({
    ...shared,
    run: {
      manifestVersion: 1,
      status: 'rejected',
      ...run,
      gate: 'validation',
      code: 'missing_column',
      message: 'the header has no column "id", which is required; it has "ID": names must match exactly',
      quarantined: { bucket: 'curated', key: 'quarantine/orders/objects/4be1c7d09f26/shop-berlin.csv' },
      quality: null,
    },
    history: await historyOf({ valid: false }),
  }),
  belowThreshold: async (): Promise<ReportInput> => ({
    ...shared,
    run: {
      manifestVersion: 1,
      status: 'rejected',
      ...run,
      gate: 'quality',
      code: 'quality_below_threshold',
      message: 'score 52.3, threshold 70 (nulls cost 28.02, duplicates cost 19.68)',
      quarantined: { bucket: 'curated', key: 'quarantine/orders/objects/4be1c7d09f26/shop-berlin.csv' },
      quality: badQuality,
    },
    history: await historyOf({ passed: false }),
  }),
  publishedByBatches: async (): Promise<ReportInput> => ({
    ...shared,
    run: { ...published, engine: 'typescript' },
    ...(await failingBatches()),
    redrive: {
      count: 1,
      startedAt: '2026-11-21T14:00:00.000Z',
      state: 'ProcessCsvRows',
      batches: { total: 600, doneBefore: 588, ranAgain: 12 },
    },
    definition: csvMap,
    examples,
    commands,
  }),
  failedInABatch: async (): Promise<ReportInput> => ({
    ...shared,
    run: {
      status: 'failed',
      ...run,
      error: 'PipelineFailed',
      cause: 'The specified tolerated failure threshold was exceeded',
      quality: null,
    },
    ...(await brokenBatches()),
    definition: csvMap,
  }),
  failed: async (): Promise<ReportInput> => ({
    ...shared,
    run: {
      status: 'failed',
      ...run,
      error: 'PipelineFailed',
      cause: 'TransformObject failed: memory limit of 1.8 GB is reached',
      quality: goodQuality,
    },
    history: await historyOf({ transformFails: 'always' }),
  }),
};

const HOSTILE = `"><script>document.title='broken'</script><img src=x onerror=alert(1)>'&amp;\u202e\0${'long'.repeat(60)}`;

/** Every text that comes from outside tries to break out of the page, or to be wider than it. */
export const hostile = async (evil = HOSTILE): Promise<ReportInput> => {
  const input = await runs.published();
  const { mapRun } = await brokenBatches();
  return {
    ...input,
    mapRun: mapRun.results && {
      ...mapRun,
      state: evil,
      results: {
        ...mapRun.results,
        bucket: evil,
        files: [{ status: 'FAILED', key: `${evil}/${evil}`, bytes: 1 }],
        failures: [{ first: 0, rows: 1, end: 'failed', error: evil, attempts: null }],
      },
    },
    run: {
      ...published,
      runId: evil,
      object: { ...run.object, bucket: evil, key: evil },
      counts: {
        ...published.counts,
        filtered: [{ rule: evil, rows: 12 }],
        reasons: [{ field: evil, code: evil, rows: 8 }],
      },
      files: [{ key: evil, rows: 1180, bytes: 1 }],
      unknownColumns: [evil],
      quality: {
        profile: { ...goodQuality.profile, columns: [{ name: evil, type: evil, nulls: 1, invalid: 0 }] },
        verdict: {
          ...goodQuality.verdict,
          costs: [{ figure: evil, points: 6.5, because: evil }],
          findings: [{ level: 'warning', code: evil, field: evil, message: evil }],
          checks: [{ check: evil, field: evil, level: 'error', passed: true, actual: 1, allowed: 1 }],
        },
      },
    },
    definition: {
      StartAt: evil,
      States: { [evil]: { Type: 'Task', Comment: evil, Next: 'End' }, End: { Type: 'Succeed' } },
    },
    examples: [
      {
        row: 1,
        reasons: [{ field: evil, code: evil }],
        record: { id: evil, name: evil, [evil]: evil },
        raw: evil,
      },
    ],
    commands: [{ purpose: evil, line: evil }],
  };
};
