import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fifo } from '../src/fifo.ts';

test('a Fifo gives what an array would, whatever the order of pushes and shifts', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(), { freq: 3 }), { maxLength: 200 }), (steps) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      for (const step of steps) {
        if (step === null) expect(fifo.shift()).toBe(array.shift());
        else {
          fifo.push(step);
          array.push(step);
        }
        expect([fifo.length, fifo.peek()]).toEqual([array.length, array[0]]);
      }
    }),
  );
});
