import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { defineHandler, InvalidInputError, outcomes } from '../src/index.ts';

const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 1234 };
const input = z.object({ runId: z.string(), dataset: z.string(), rows: z.int().optional() });
const event = { runId: 'orders-1', dataset: 'orders', rows: 7 };

// As Lambda sets it.
process.env.AWS_LAMBDA_FUNCTION_NAME = 'sluice-dev-s';

type Line = Record<string, unknown>;
let lines: Line[] = [];

beforeEach(() => {
  lines = [];
  const capture = (chunk: unknown): boolean => {
    lines.push(JSON.parse(String(chunk)));
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(capture);
  jest.spyOn(process.stderr, 'write').mockImplementation(capture);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const isMetric = (line: Line): boolean => '_aws' in line;
const logLines = (): Line[] => lines.filter((line) => !isMetric(line));

describe('a handler', () => {
  test('hands the parsed input to the use case and returns its result', async () => {
    const handler = defineHandler({
      service: 's',
      input,
      handle: async ({ rows = 0 }) => ({ doubled: rows * 2 }),
    });
    expect(await handler({ ...event, unknown: 1 }, context)).toEqual({ doubled: 14 });
  });

  test('knows how long it has until Lambda stops it', async () => {
    const handler = defineHandler({
      service: 's',
      input,
      handle: async (_, { remainingMs }) => remainingMs(),
    });
    expect(await handler(event, context)).toBe(1234);
  });

  test('writes one line per outcome, with service, run and dataset', async () => {
    const handler = defineHandler({
      service: 'validate-object',
      input,
      handle: async (_, { log }) => log('object_refused', { code: 'empty_object' }),
    });
    await handler(event, context);
    expect(logLines()).toEqual([
      expect.objectContaining({
        level: 'WARN',
        message: 'object_refused',
        service: 'validate-object',
        runId: 'orders-1',
        dataset: 'orders',
        code: 'empty_object',
        function_request_id: 'request-1',
      }),
    ]);
  });

  test('says each outcome at its own level', async () => {
    const handler = defineHandler({
      service: 's',
      input: z.unknown(),
      handle: async (_, { log }) => {
        log('run_published');
        log('run_rejected');
        log('map_run_incomplete');
      },
    });
    await handler({}, context);
    expect(logLines().map(({ level }) => level)).toEqual(['INFO', 'WARN', 'ERROR']);
    expect(Object.values(outcomes)).toEqual(expect.arrayContaining(['info', 'warn', 'error']));
  });

  test('forgets one invocation before the next', async () => {
    const handler = defineHandler({
      service: 's',
      input: z.unknown(),
      handle: async (_, { log }) => log('batch_written'),
    });
    await handler(event, context);
    await handler({ Records: [] }, { ...context, awsRequestId: 'request-2' });
    expect(logLines()[1]).toMatchObject({ function_request_id: 'request-2' });
    expect(logLines()[1]).not.toHaveProperty('runId');
  });

  test('cuts texts too long for a name, so that no record gets into the log', async () => {
    const handler = defineHandler({
      service: 's',
      input,
      handle: async (_, { log }) => log('object_refused', { code: 'x'.repeat(5000) }),
    });
    await handler(event, context);
    expect(JSON.stringify(lines).length).toBeLessThan(1000);
  });

  test('refuses an input of another shape by name and path, without its values', async () => {
    const handler = defineHandler({ service: 'validate-object', input, handle: async () => 'never' });
    const refused = handler({ ...event, rows: 'secret-value' }, context);
    await expect(refused).rejects.toBeInstanceOf(InvalidInputError);
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/^validate-object cannot take this input\. rows: [^\n]*$/),
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('secret-value') });
    expect(logLines()).toEqual([
      expect.objectContaining({ errorName: 'InvalidInputError', runId: 'orders-1' }),
    ]);
  });

  test.each([null, 'text', 42, []])('refuses %j, which has no run', async (odd) => {
    const handler = defineHandler({ service: 's', input, handle: async () => 'never' });
    await expect(handler(odd, context)).rejects.toMatchObject({ name: 'InvalidInputError' });
  });

  test('lets an error through with its name, and logs the name but not the message', async () => {
    class SlowDown extends Error {
      override readonly name = 'SlowDown';
    }
    const error = new SlowDown('row {"email":"a@example.com"} came too fast');
    const handler = defineHandler({ service: 's', input, handle: async () => Promise.reject(error) });
    await expect(handler(event, context)).rejects.toBe(error);
    expect(logLines()).toEqual([
      expect.objectContaining({
        level: 'ERROR',
        message: 'failed',
        errorName: 'SlowDown',
        runId: 'orders-1',
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('example.com');
    expect(JSON.stringify(logLines()[0])).toContain('define-handler.test');
  });

  test('makes an Error of anything else that is thrown', async () => {
    const handler = defineHandler({ service: 's', input, handle: () => Promise.reject('just text') });
    await expect(handler(event, context)).rejects.toMatchObject({ name: 'Error', cause: 'just text' });
  });
});

describe('metrics', () => {
  test('are published together, in the namespace ETL/Pipeline, by function and dataset', async () => {
    const handler = defineHandler({
      service: 'publish-run',
      input,
      handle: async (_, { measure }) => {
        measure('RowsAccepted', 5);
        measure('RowsQuarantined', 2);
        measure('QualityScore', 93.5);
      },
    });
    await handler(event, context);
    const [metric, ...others] = lines.filter(isMetric);
    expect(others).toEqual([]);
    expect(metric).toMatchObject({
      service: 'sluice-dev-s',
      dataset: 'orders',
      RowsAccepted: 5,
      RowsQuarantined: 2,
    });
    expect(metric?._aws).toMatchObject({
      CloudWatchMetrics: [
        {
          Namespace: 'ETL/Pipeline',
          Dimensions: [['service', 'dataset']],
          Metrics: [
            { Name: 'RowsAccepted', Unit: 'Count' },
            { Name: 'RowsQuarantined', Unit: 'Count' },
            { Name: 'QualityScore', Unit: 'Percent' },
          ],
        },
      ],
    });
  });

  test('of a failed invocation are published too', async () => {
    const handler = defineHandler({
      service: 's',
      input,
      handle: async (_, { measure }) => {
        measure('RowsIn', 1);
        throw new Error('later');
      },
    });
    await expect(handler(event, context)).rejects.toThrow('later');
    expect(lines.filter(isMetric)).toHaveLength(1);
  });

  test('do not carry a dataset over to the next invocation', async () => {
    const handler = defineHandler({
      service: 's',
      input: z.object({ rows: z.int().optional() }),
      handle: async ({ rows }, { measure }) => {
        if (rows !== undefined) measure('RowsIn', rows);
      },
    });
    await handler({ dataset: 'orders' }, context);
    await handler({ rows: 3 }, context);
    const [metric] = lines.filter(isMetric);
    expect(metric).not.toHaveProperty('dataset');
    expect(lines).toHaveLength(1);
  });
});
