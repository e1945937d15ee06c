import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copiedParts } from '../src/s3-copy.ts';

describe('the parts of a large copy', () => {
  // The largest object that S3 keeps: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingObjects.html
  const sizes = fc.integer({ min: 1, max: 50e12 });

  test('are the whole object, each byte once', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        let copied = 0;
        for (const { start, end } of copiedParts(size)) {
          if (start !== copied || end <= start)
            throw new Error(`a part from ${start} to ${end} after ${copied}`);
          copied = end;
        }
        expect(copied).toBe(size);
      }),
    );
  });

  test('are as many, and as large, as S3 takes', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const parts = copiedParts(size);
        expect(parts.length).toBeLessThanOrEqual(10_000);
        const largest = parts.reduce((bytes, { start, end }) => Math.max(bytes, end - start), 0);
        expect(largest).toBeLessThanOrEqual(5 * 1024 ** 3);
      }),
    );
  });
});
