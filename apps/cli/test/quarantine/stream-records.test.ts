import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from '@sluice/datasets';
import { ingestRecords } from '@sluice/ingest-stream/ingest-records';
import { embeddedZones } from '@sluice/lake-storage/zones';
import { parseArguments } from '../../src/command.ts';
import { quarantine } from '../../src/commands/quarantine.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { openOrCreateLake } from '../../src/lake/open-lake.ts';
import { queryLake } from '../../src/query/query-lake.ts';
import { AS_OF, smallOrders } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { newFolder } from '../sluice.ts';
import { terminalOf } from './replay.ts';

const broken = '{"_dataset":"orders","id":"A1","email":{"address":"eve@secret.example"}}';
const nameless = '{"id":\n"A2","email":"fay@secret.example"}';
const records = [
  broken,
  nameless,
  '{"_dataset":"orders","id":"A3"}',
  Buffer.from('ff00ff', 'hex'),
  broken.replace('A1', 'A4'),
  '{"_dataset":"ordres"}',
];

let folder: Awaited<ReturnType<typeof newFolder>>;
let lake = '';
beforeAll(async () => {
  folder = await newFolder();
  lake = join(folder.path, 'lake');
  const { store } = await openOrCreateLake(lake);
  // Each record comes in a batch of its own, as on a slow stream.
  for (const [at, record] of records.entries()) {
    await ingestRecords(
      {
        Records: [
          {
            eventID: `shardId-000000000000:${100 + at}`,
            eventSourceARN: 'arn:aws:kinesis:eu-central-1:111122223333:stream/clicks',
            kinesis: {
              sequenceNumber: String(100 + at),
              data: Buffer.from(record).toString('base64'),
              approximateArrivalTimestamp: Date.parse('2026-11-21T10:00:00Z') / 1000 + at,
            },
          },
        ],
      },
      {
        findDataset: (name) => datasets.get(name),
        datasetBy: { field: '_dataset' },
        objects: store,
        rawBucket: embeddedZones.raw,
        curatedBucket: embeddedZones.curated,
        parallelizationFactor: 1,
      },
    );
  }
});
afterAll(() => folder.remove());

const sluice = async (...args: string[]) => {
  const terminal = terminalOf();
  const parsed = parseArguments('quarantine', quarantine, [...args, '--lake', lake]);
  if (!parsed) throw new Error('help');
  expect(await quarantine.run(parsed, terminal)).toBe(EXIT.ok);
  return { out: terminal.printed.join(''), err: terminal.said.join('') };
};
const json = async (...args: string[]) => JSON.parse((await sluice(...args, '--json')).out);

describe('sluice quarantine ls', () => {
  test('lists the records of streams that could not be read, by dataset, with their reasons', async () => {
    const { out, err } = await sluice();
    expect(out.split('\n').slice(2)).toEqual([
      '_unmatched/clicks  2026-11-21 10:00:05            3        1  invalid_utf8',
      '                                                           1  _dataset no_dataset',
      '                                                           1  _dataset unknown_dataset',
      'orders/clicks      2026-11-21 10:00:04            2        2  nested_value',
      '',
    ]);
    expect(err).toContain('sluice quarantine show _unmatched/clicks');
  });

  test('has those of one dataset, or of one reason, or of none', async () => {
    const all = await json();
    expect(
      all.map(({ dataset, quarantined }: { dataset: string; quarantined: number }) => [dataset, quarantined]),
    ).toEqual([
      [null, 3],
      ['orders', 2],
    ]);
    expect(await json('ls', '--dataset', 'orders')).toEqual([all[1]]);
    expect(await json('ls', '--dataset', '_unmatched')).toEqual([all[0]]);
    expect(await json('ls', '--reason', 'unknown_dataset')).toMatchObject([
      { dataset: null, stream: 'clicks', quarantined: 1, lastArrivedAt: '2026-11-21T10:00:05.000Z' },
    ]);
    expect(await json('ls', '--dataset', 'airports')).toEqual([]);
  });

  test('has them beside the rows of runs', async () => {
    const file = join(folder.path, 'orders.csv');
    await writeFile(file, smallOrders);
    const root = lake;
    lake = join(folder.path, 'both');
    try {
      await runInProcess(lake, 'orders', file, AS_OF);
      const [{ runId }] = await json();
      const { store } = await openOrCreateLake(lake);
      const key = 'quarantine/orders/records/clicks/shardId-000000000000/2-1-0123456789abcdef.jsonl';
      const line = { row: 1, reasons: [{ field: null, code: 'not_json' }], record: null, raw: '{' };
      const stream = {
        name: 'clicks',
        shardId: 's',
        sequenceNumber: '1',
        arrivedAt: '2026-11-21T10:00:00.000Z',
      };
      await store.put({ bucket: 'curated', key }, Buffer.from(`${JSON.stringify({ ...line, stream })}\n`));
      expect(await json()).toMatchObject([{ runId }, { dataset: 'orders', stream: 'clicks' }]);
      expect(await json('ls', '--run', runId)).toMatchObject([{ runId }]);
      const { out } = await sluice();
      expect(out.indexOf('orders-')).toBeLessThan(out.indexOf('orders/clicks'));
    } finally {
      lake = root;
    }
  });
});

describe('sluice quarantine show DATASET/STREAM', () => {
  test.each(['orders/clicks', '_unmatched/clicks'])('shows %s without personal data', async (name) => {
    for (const shown of [await sluice('show', name), await sluice('show', name, '--json')]) {
      expect(shown.out).not.toContain('secret.example');
      expect(shown.out).not.toContain(Buffer.from('ff00ff', 'hex').toString('base64'));
    }
    expect((await sluice('show', name)).out).toContain('--reveal');
  });

  test('shows it with --reveal', async () => {
    expect((await sluice('show', 'orders/clicks', '--reveal')).out).toMatch(
      /2026-11-21 10:00:00 {2}shardId-000000000000 {2}nested_value {2}\{"_dataset":"orders"/,
    );
    const { rows } = await json('show', '_unmatched/clicks', '--reveal');
    expect(rows).toMatchObject([
      { raw: nameless, stream: { name: 'clicks', sequenceNumber: '101' } },
      { stream: { data: Buffer.from('ff00ff', 'hex').toString('base64') } },
      { raw: '{"_dataset":"ordres"}' },
    ]);
  });

  test('says how they are mended and sent again', async () => {
    const { err } = await sluice('show', 'orders/clicks');
    expect(err).toContain('sluice quarantine show orders/clicks --jsonl');
    expect(err).toContain('npm run produce -- records.jsonl --stream clicks');
  });

  test('gives those of one reason, and no more than are wanted', async () => {
    expect(await json('show', '_unmatched/clicks', '--reason', 'no_dataset')).toMatchObject({
      quarantined: 1,
      rows: [{ stream: { sequenceNumber: '101' } }],
    });
    const { rows, quarantined } = await json('show', 'orders/clicks', '--limit', '1');
    expect([rows.length, quarantined]).toEqual([1, 2]);
  });

  test('with --jsonl writes each as it came, on one line, and says what is no text', async () => {
    expect((await sluice('show', 'orders/clicks', '--jsonl')).out).toBe(
      `${broken}\n${broken.replace('A1', 'A4')}\n`,
    );
    const { out, err } = await sluice('show', '_unmatched/clicks', '--jsonl');
    expect(out).toBe(`${nameless.replace('\n', ' ')}\n{"_dataset":"ordres"}\n`);
    expect(err).toMatch(/^sluice: 1 record left out: not text/);
  });

  test.each([
    [['show', 'order/clicks'], 'did you mean orders/clicks?'],
    [['show', 'penguins/other'], 'list them: sluice quarantine ls'],
    [['show', 'orders/clicks', '--csv'], 'take --jsonl'],
    [['replay', 'orders/clicks'], 'sluice quarantine show orders/clicks --jsonl > records.jsonl'],
  ])('%j says what to type instead', async (args, message) => {
    await expect(sluice(...args)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(message),
    });
  });
});

test('sluice query has them in quarantine, with their stream and without a run', async () => {
  const { rows } = await queryLake(
    await openOrCreateLake(lake),
    `SELECT dataset, run_id, stream, shard_id, sequence_number, arrived_at, reasons[1].code
       FROM quarantine ORDER BY sequence_number`,
    10,
    folder.path,
  );
  expect(rows[0]).toEqual([
    'orders',
    null,
    'clicks',
    'shardId-000000000000',
    '100',
    '2026-11-21 10:00:00',
    'nested_value',
  ]);
  expect(rows.map(([dataset, , , , sequenceNumber]) => [dataset, sequenceNumber])).toEqual([
    ['orders', '100'],
    [null, '101'],
    [null, '103'],
    ['orders', '104'],
    [null, '105'],
  ]);
});
