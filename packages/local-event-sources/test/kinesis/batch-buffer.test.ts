import { describe, expect, test } from '@jest/globals';
import { createBatchBuffer } from '../../src/kinesis/batch-buffer.ts';
import { createMappingState } from '../../src/kinesis/mapping-state.ts';
import { numbers, record, recordsTo } from './records.ts';

function buffer({ batchSize = 3, batchWindowMs = 0, bytes = 1 } = {}) {
  const state = createMappingState(() => {});
  return { state, batches: createBatchBuffer({ batchSize, batchWindowMs, bytesOf: () => bytes, state }) };
}

const taken = async (batches: ReturnType<typeof createBatchBuffer>) => numbers((await batches.next()) ?? []);

describe('without a window', () => {
  test('a batch is what is there, up to the batch size', async () => {
    const { batches } = buffer();
    batches.add(recordsTo(5));
    expect(await taken(batches)).toEqual([0, 1, 2]);
    expect(await taken(batches)).toEqual([3, 4]);
  });

  test('a batch waits for its first record', async () => {
    const { batches } = buffer();
    const next = taken(batches);
    batches.add([record(7)]);
    expect(await next).toEqual([7]);
  });

  test('a batch is at most 6 MB', async () => {
    const { batches } = buffer({ bytes: 2.5 * 1024 * 1024 });
    batches.add(recordsTo(3));
    expect(await taken(batches)).toEqual([0, 1]);
  });

  test('a record that is too large goes alone', async () => {
    const { batches } = buffer({ bytes: 7 * 1024 * 1024 });
    batches.add(recordsTo(2));
    expect(await taken(batches)).toEqual([0]);
  });
});

describe('with a window', () => {
  test('a batch that is full does not wait', async () => {
    const { batches } = buffer({ batchWindowMs: 60_000 });
    batches.add(recordsTo(3));
    expect(await taken(batches)).toEqual([0, 1, 2]);
  });

  test('a batch of 6 MB does not wait', async () => {
    const { batches } = buffer({ batchWindowMs: 60_000, bytes: 4 * 1024 * 1024 });
    batches.add(recordsTo(2));
    expect(await taken(batches)).toEqual([0]);
  });

  test('a batch takes what comes until the window closes', async () => {
    const { batches } = buffer({ batchWindowMs: 60 });
    batches.add([record(0)]);
    const began = performance.now();
    const next = taken(batches);
    setTimeout(() => batches.add([record(1)]), 20);
    expect(await next).toEqual([0, 1]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
  });

  test('the last records of a shard do not wait', async () => {
    const { batches } = buffer({ batchWindowMs: 60_000 });
    batches.add([record(0)]);
    batches.finish();
    expect(await taken(batches)).toEqual([0]);
    expect(await batches.next()).toBeNull();
  });
});

test('a mapping that stops takes nothing more', async () => {
  const { batches, state } = buffer({ batchWindowMs: 60_000 });
  batches.add([record(0)]);
  const next = batches.next();
  state.stop();
  expect(await next).toBeNull();
});
