import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createWatermark } from '../../src/kinesis/watermark.ts';

test('the watermark is the last number before the first that is not settled', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 30 }).chain((count) =>
        fc.record({
          count: fc.constant(count),
          order: fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index)),
        }),
      ),
      ({ count, order }) => {
        const watermark = createWatermark('start');
        for (let index = 0; index < count; index += 1) watermark.read(`${index}`);
        for (const index of order) watermark.settle(`${index}`);

        const firstOpen =
          Array.from({ length: count }, (_, index) => index).find((i) => !order.includes(i)) ?? count;
        expect(watermark.value()).toBe(firstOpen === 0 ? 'start' : `${firstOpen - 1}`);
        expect(watermark.unsettled()).toBe(count - order.length);
      },
    ),
  );
});
