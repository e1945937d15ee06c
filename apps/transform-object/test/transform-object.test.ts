import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { putJson, readBytes } from '@sluice/lake-storage';
import { memoryStore } from '@sluice/lake-storage/memory';
import { defineDataset, text } from '@sluice/record-schema';
import { type TransformObjectInput, transformReport } from '@sluice/step-contracts';
import { type TransformObjectDeps, transformObject } from '../src/transform-object.ts';

const orders = defineDataset({ name: 'orders', fields: { id: text() } });
const curated = 'curated-zone';
const prefix = 'staging/orders-1/';

const counts = {
  rowsIn: 9,
  accepted: 5,
  filtered: [
    { rule: 'recent', rows: 1 },
    { rule: 'active', rows: 1 },
  ],
  duplicates: 0,
  quarantined: 2,
  reasons: [{ field: 'id', code: 'missing', rows: 2 }] as const,
};

type Stage = TransformObjectDeps['stageObject'];

const setUp = async () => {
  const objects = memoryStore();
  const object = { bucket: 'raw-zone', key: 'incoming/orders/a.csv' };
  const stored = await objects.put(object, Buffer.from('id\n1\n'));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const requests: (Parameters<Stage>[0] & { readonly object: string })[] = [];
  const folders: string[] = [];
  const stageObject: Stage = async (request) => {
    const object = await readFile(request.path, 'utf8');
    requests.push({ ...request, object });
    const write = async (name: string, rows: number) => {
      const file = join(request.outputDir, name);
      await writeFile(file, `${rows} rows`);
      return { file, rows, bytes: 6 };
    };
    return {
      counts,
      accepted: [await write('one.parquet', 3), await write('two.parquet', 2)],
      quarantine: await write('bad.jsonl', 2),
      unknownColumns: ['note'],
    };
  };
  const deps: TransformObjectDeps = {
    findDataset: (name) => (name === 'orders' ? orders : undefined),
    objects,
    curatedBucket: curated,
    withScratchFolder: async (work) => {
      const folder = await mkdtemp(join(tmpdir(), 'transform-'));
      folders.push(folder);
      try {
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    stageObject,
  };
  const input: TransformObjectInput = {
    runId: 'orders-1',
    dataset: 'orders',
    asOf: '2026-11-20T10:00:00.000Z',
    object: { ...object, size: 5, etag: stored.etag },
    quality: {
      score: 90,
      threshold: 70,
      passed: true,
      rowsIn: 9,
      report: { bucket: curated, key: `${prefix}quality.json` },
    },
  };
  const staged = async () => {
    const found: Record<string, string> = {};
    for await (const { key } of objects.list(curated, '')) {
      found[key.replace(prefix, '')] = String(await readBytes(objects, { bucket: curated, key }));
    }
    return found;
  };
  return { objects, deps, input, requests, staged };
};

describe('transforming an object', () => {
  test('leaves its rows and a report in staging, and nothing anywhere else', async () => {
    const { deps, input, staged } = await setUp();
    expect(await transformObject(input, deps)).toEqual({
      engine: 'duckdb',
      staged: { bucket: curated, prefix },
      counts: { rowsIn: 9, accepted: 5, filtered: 2, duplicates: 0, quarantined: 2 },
    });
    const { 'transform.json': report = '', ...rows } = await staged();
    expect(rows).toEqual({
      'accepted-0.parquet': '3 rows',
      'accepted-1.parquet': '2 rows',
      'quarantine.jsonl': '2 rows',
    });
    expect(transformReport.parse(JSON.parse(report))).toEqual({
      engine: 'duckdb',
      counts,
      unknownColumns: ['note'],
    });
  });

  test('hands the engine the object and the run’s clock', async () => {
    const { deps, input, requests } = await setUp();
    await transformObject(input, deps);
    expect(requests).toEqual([
      expect.objectContaining({
        dataset: orders,
        key: 'incoming/orders/a.csv',
        object: 'id\n1\n',
        asOf: Date.UTC(2026, 10, 20, 10),
      }),
    ]);
  });

  test('clears what a dead attempt left, but neither the quality report nor the journal of publishing', async () => {
    const { objects, deps, input, staged } = await setUp();
    const leftovers = [
      'accepted-7.parquet',
      'quarantine.jsonl',
      'transform.json',
      'quality.json',
      'publishing.json',
    ];
    for (const name of leftovers) await putJson(objects, { bucket: curated, key: `${prefix}${name}` }, 'old');
    const failing = () => Promise.reject(new Error('out of memory'));
    await expect(transformObject(input, { ...deps, stageObject: failing })).rejects.toThrow('out of memory');
    expect(Object.keys(await staged())).toEqual(['publishing.json', 'quality.json']);
  });

  test('leaves no report, and so no finished work, if an upload fails', async () => {
    const { objects, deps, input, staged } = await setUp();
    const put: typeof objects.put = async (at, ...rest) => {
      if (at.key.endsWith('accepted-1.parquet')) throw new Error('slow down');
      return objects.put(at, ...rest);
    };
    await expect(transformObject(input, { ...deps, objects: { ...objects, put } })).rejects.toThrow(
      'slow down',
    );
    expect(await staged()).not.toHaveProperty(['transform.json']);
  });

  test('fails if the object was replaced after its run began', async () => {
    const { deps, input, requests } = await setUp();
    const replaced = { ...input, object: { ...input.object, etag: 'another' } };
    await expect(transformObject(replaced, deps)).rejects.toMatchObject({ code: 'changed' });
    expect(requests).toEqual([]);
  });

  test('fails for a dataset that is not there', async () => {
    const { deps, input } = await setUp();
    await expect(transformObject({ ...input, dataset: 'nobody' }, deps)).rejects.toThrow('no dataset nobody');
  });
});
