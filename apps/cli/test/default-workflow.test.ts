import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defineDataset, text, type WorkflowChoice } from '@sluice/record-schema';
import { defaultWorkflow } from '../src/run/default-workflow.ts';

const dataset = (workflow: WorkflowChoice) =>
  defineDataset({ name: 'orders', workflow, fields: { id: text() } });

describe('a file on one machine', () => {
  let folder: string;
  const file = async (name: string, size = 3): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, 'id\n');
    // A file of holes takes no room.
    await truncate(path, size);
    return path;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-default-workflow-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('goes through etl whatever its size, if the dataset leaves it to the size', async () => {
    expect(await defaultWorkflow(dataset('by_size'), await file('large.csv', 9e9))).toBe('etl');
  });

  test('goes through csv-map if its dataset says so', async () => {
    expect(await defaultWorkflow(dataset('csv-map'), await file('small.csv'))).toBe('csv-map');
  });

  test('goes through etl if csv-map cannot read it, whatever its dataset says', async () => {
    expect(await defaultWorkflow(dataset('csv-map'), await file('small.csv.gz'))).toBe('etl');
    expect(await defaultWorkflow(dataset('csv-map'), await file('small.json'))).toBe('etl');
  });

  test('that is not there is said to be missing before anything is begun', async () => {
    await expect(defaultWorkflow(dataset('by_size'), join(folder, 'no.csv'))).rejects.toThrow('no.csv');
  });
});
