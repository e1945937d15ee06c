import { expect, test } from '@jest/globals';
import { createRowReader } from '@sluice/record-transform/reading';
import fc from 'fast-check';
import { eventOf, type Sent, startApi, strict } from './api.ts';
import { fuzzedBodies, handWritten } from './fuzzed-bodies.ts';

const BODIES = 10_000;

/** Generous: the slowest body takes a tenth of it on an idle machine. */
const HANGS_MS = 5_000;

test('any body gets an answer that is the caller’s fault, or is taken and can be read', async () => {
  const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 2 ** 31);
  process.stderr.write(`${BODIES} fuzzed bodies from SLUICE_SEED=${seed}\n`);
  const api = startApi();
  const statuses = new Map<number, number>();

  const post = async (sent: Sent): Promise<void> => {
    const before = api.stream.length;
    const from = performance.now();
    const { response, sums } = await api.answerRequest(eventOf(sent));
    const { statusCode } = response;
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    const taken = api.stream.length - before;
    const answer = { fault: statusCode >= 400 && statusCode < 500, taken: sums?.taken ?? 0 };
    expect(answer).toEqual({ fault: taken === 0, taken });
    expect(performance.now() - from).toBeLessThan(HANGS_MS);
  };

  for (const sent of handWritten) await post(sent);
  const generated = BODIES - handWritten.length;
  await fc.assert(fc.asyncProperty(fuzzedBodies, post), { numRuns: generated, seed, endOnFailure: true });

  // So that the bodies are neither all good nor all hopeless.
  for (const status of [202, 207, 400, 413, 415, 422]) expect(statuses.get(status)).toBeGreaterThan(1);

  // As the stream's consumer writes them, and etl reads them.
  const objectLines = api.lines().map((line) => {
    expect(line.startsWith('{"_dataset":"strict",')).toBe(true);
    return line.replace('"_dataset":"strict",', '');
  });
  const malformed: string[] = [];
  let rows = 0;
  const reader = createRowReader(strict, 'taken.jsonl', {
    row: () => {
      rows += 1;
    },
    malformed: (code) => malformed.push(code),
  });
  reader.push(Buffer.from(`${objectLines.join('\n')}\n`));
  reader.end();
  expect(malformed).toEqual([]);
  expect(rows).toBe(api.stream.length);
}, 60_000);
