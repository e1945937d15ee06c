import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ChildInput, childInputs } from '../src/distributed-map/child-inputs.ts';
import type { ItemChunk } from '../src/distributed-map/item-chunk.ts';
import { type Json, type JsonObject, TaskError, type TaskHandlers } from '../src/index.ts';
import { distributed, nonZero, runMap, WRITER } from './distributed-machine.ts';
import { memoryObjects } from './memory-objects.ts';

const item = fc.oneof(
  { weight: 5, arbitrary: fc.record({ a: fc.string({ unit: 'grapheme', maxLength: 20 }), b: fc.integer() }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

async function* chunked(items: readonly Json[], size: number): AsyncGenerator<ItemChunk, void> {
  for (let start = 0; start < items.length; start += size) {
    yield { values: items.slice(start, start + size), source: 'STATE_DATA' };
  }
}

async function all(inputs: AsyncIterable<ChildInput>): Promise<ChildInput[]> {
  const children: ChildInput[] = [];
  for await (const child of inputs) children.push(child);
  return children;
}

const bytesOf = (value: Json) => Buffer.byteLength(JSON.stringify(value));
const itemsOf = ({ input }: ChildInput): Json[] => JSON.parse(JSON.stringify(input)).Items;

describe('batches', () => {
  test('hold every item once and in order, keep both limits, and are as large as they may be', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined }),
        fc.integer({ min: 0, max: 900 }),
        fc.option(fc.jsonValue(), { nil: undefined }),
        async (drawn, chunkSize, maxItems, slack, drawnInput) => {
          // As JSON holds them: -0 is 0.
          const items: Json[] = JSON.parse(JSON.stringify(drawn));
          const batchInput: Json | undefined =
            drawnInput === undefined ? undefined : JSON.parse(JSON.stringify(drawnInput));
          const frame: JsonObject = {
            ...(batchInput === undefined ? {} : { BatchInput: batchInput }),
            Items: [],
          };
          // The largest item fits alone.
          const maxInputBytes = bytesOf(frame) + Math.max(0, ...items.map(bytesOf)) + slack;
          const children = await all(
            childInputs(chunked(items, chunkSize), undefined, { maxItems, maxInputBytes, batchInput }),
          );
          expect(children.flatMap(itemsOf)).toEqual(items);
          expect(children.map(({ index }) => index)).toEqual(children.map((_, index) => index));
          for (const [index, child] of children.entries()) {
            expect(child.items).toBe(itemsOf(child).length);
            expect(child.items).toBeGreaterThan(0);
            expect(child.items).toBeLessThanOrEqual(maxItems ?? child.items);
            expect(bytesOf(child.input)).toBeLessThanOrEqual(maxInputBytes);
            expect(child.input).toEqual({ ...frame, Items: itemsOf(child) });
            const next = children[index + 1];
            if (next === undefined || child.items === maxItems) continue;
            const [first = null] = itemsOf(next);
            expect(bytesOf(child.input) + 1 + bytesOf(first)).toBeGreaterThan(maxInputBytes);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('without a limit in bytes are no larger than a payload', async () => {
    const items = Array.from({ length: 100 }, () => 'é'.repeat(5_000));
    const batch = { maxItems: undefined, maxInputBytes: undefined, batchInput: undefined };
    const children = await all(childInputs(chunked(items, 100), undefined, batch));
    expect(children.flatMap(itemsOf)).toHaveLength(100);
    expect(children).toHaveLength(4);
    for (const { input } of children) expect(bytesOf(input)).toBeLessThanOrEqual(262_144);
  });

  test('that could not hold even one item fail the Map Run', async () => {
    const { result } = await runMap(distributed({ ItemBatcher: { MaxInputBytesPerBatch: 20 } }), {
      input: [1, 'a text that is too long'],
    });
    expect(result).toMatchObject({
      error: 'States.ItemReaderFailed',
      cause: 'The item at index 1 is larger than 20 bytes.',
    });
  });
});

test('every item has succeeded, failed or is pending, and the files say the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 3 }),
      async (fates, batch, concurrency, tolerated, delay) => {
        const objects = memoryObjects();
        const handlers: TaskHandlers = {
          'lambda:invoke': async (input) => {
            const { Items }: { Items: number[] } = JSON.parse(JSON.stringify(input));
            for (let turn = 0; turn < delay; turn += 1) await null;
            if (Items.some((index) => fates[index])) throw new TaskError('Bad');
            return input;
          },
        };
        const { result, mapRun, id } = await runMap(
          distributed({
            ...WRITER,
            MaxConcurrency: concurrency,
            ToleratedFailureCount: tolerated,
            ItemBatcher: { MaxItemsPerBatch: batch },
          }),
          { objects, handlers, input: fates.map((_, index) => index) },
        );
        const {
          succeeded = 0,
          failed = 0,
          aborted = 0,
          pending = 0,
          total = 0,
        } = {
          ...mapRun?.itemCounts,
        };
        expect(total).toBe(fates.length);
        expect(succeeded + failed + aborted + pending).toBe(total);
        expect(result.status === 'FAILED').toBe(failed > tolerated);
        const inputs = ['SUCCEEDED', 'FAILED', 'PENDING'].map((kind) => {
          const path = `out/results/${id}/${kind}_0.json`;
          const records: { Input: string }[] = objects.files.has(path)
            ? JSON.parse(JSON.stringify(objects.json(path)))
            : [];
          return records.flatMap(({ Input }): number[] => JSON.parse(Input).Items);
        });
        expect(inputs.map((items) => items.length)).toEqual([succeeded, failed + aborted, pending]);
        expect(inputs.flat().sort((a, b) => a - b)).toEqual(fates.map((_, index) => index));
        const counts = nonZero(mapRun?.executionCounts);
        expect(counts.total ?? 0).toBe(Math.ceil(fates.length / batch));
      },
    ),
    { numRuns: 200 },
  );
});
