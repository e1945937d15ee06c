import { createHmac } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defineDataset, integer, pseudonym, text } from '@sluice/record-schema';
import { ownJudgement } from '../src/own-judgement.ts';
import { readRawRows } from '../src/raw-rows.ts';
import { asOf } from './map-run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-judgement-'));
});
afterAll(() => rm(folder, { recursive: true }));

const files = defineDataset({
  name: 'files',
  fields: { path: text({ pii: true, required: true }), size: integer({ min: 0 }) },
  derived: ({ col }) => ({ who: pseudonym(col('path')) }),
});
const lines = ['path,size', 'a\\b,1', 'c,2', 'd\\,-1', 'x"\\,1', 'e,3', '"\\f\n",4', ''].join('\n');
const chunks = async function* () {
  // Rows are cut where chunks are.
  for (let at = 0; at < lines.length; at += 3) yield Buffer.from(lines.slice(at, at + 3));
};
const pseudonymOf = (path: string): string => createHmac('sha256', 'a key').update(path).digest('hex');

describe('the judgement of rows with a backslash', () => {
  test('is that of process-rows, for those that can be read and no others', async () => {
    const raw = await readRawRows(files, chunks(), folder);
    expect(raw).toMatchObject({ rows: 6, malformed: 1, hasMoreBackslashes: false });
    const judgement = ownJudgement(files, { asOf, pseudonymKey: 'a key' }, raw.backslashFile);
    expect(await judgement.fateOf(0, null)).toMatchObject({
      fate: 'a',
      values: JSON.stringify([1, pseudonymOf('a\\b')]),
    });
    expect(await judgement.fateOf(1, null)).toBeUndefined();
    expect(await judgement.fateOf(2, null)).toMatchObject({
      fate: 'q',
      body: expect.stringContaining('too_small'),
    });
    expect(await judgement.fateOf(3, null)).toBeUndefined();
    expect(await judgement.fateOf(5, null)).toMatchObject({
      values: JSON.stringify([4, pseudonymOf('\\f\n')]),
    });
    judgement.close();
  });

  test('ends where they take more room than there is', async () => {
    const raw = await readRawRows(files, chunks(), folder, 20);
    expect(raw.hasMoreBackslashes).toBe(true);
    expect((await stat(raw.backslashFile)).size).toBeLessThanOrEqual(20);
    const judgement = ownJudgement(files, { asOf, pseudonymKey: 'a key' }, raw.backslashFile);
    expect(await judgement.fateOf(0, null)).toMatchObject({ fate: 'a' });
    expect(await judgement.fateOf(2, null)).toBeUndefined();
    judgement.close();
  });
});
