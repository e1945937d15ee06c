import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countLines } from '../src/staged-rows.ts';

test('lines are counted however the stream is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', '\n') })), async (pieces) => {
      const text = pieces.join('');
      const lines = text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
      const chunks = async function* () {
        for (const piece of pieces) yield Buffer.from(piece);
      };
      expect(await countLines(chunks())).toBe(lines);
    }),
  );
});
