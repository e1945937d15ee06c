// A process that looks to X-Ray like a Lambda: invokes a handler that works, then one that fails.
import { z } from 'zod';
import { defineHandler } from '../src/index.ts';

const event = { runId: 'orders-1', dataset: 'orders', email: 'a@example.com' };
const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 1234 };

const works = defineHandler({ service: 'works', input: z.looseObject({}), handle: async (input) => input });
const fails = defineHandler({
  service: 'fails',
  input: z.unknown(),
  handle: () => Promise.reject(new RangeError('out of range')),
});

await works(event, context);
await fails(event, context).catch(() => {});
