import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { memoryStore } from '@sluice/lake-storage/memory';
import { type Dataset, defineDataset, double, text } from '@sluice/record-schema';
import type { RunInput } from '@sluice/step-contracts';
import { type ValidateObjectDeps, validateObject } from '../src/validate-object.ts';
import { parquetBytes } from './parquet.ts';

const orders: Dataset = defineDataset({
  name: 'orders',
  fields: { id: text({ required: true }), name: text(), amount: double() },
});
const strict: Dataset = defineDataset({
  name: 'strict',
  source: { formats: ['csv'], unknownColumns: 'reject' },
  fields: { id: text({ required: true }) },
});

interface Given {
  readonly workflow?: 'etl' | 'csv-map';
  readonly key?: string;
  readonly dataset?: string;
  readonly change?: Partial<RunInput['object']>;
  readonly deps?: (usual: ValidateObjectDeps) => Partial<ValidateObjectDeps>;
}

/** The answer about an object with this content, and how many bytes were read for it. */
const validate = async (content: Uint8Array | string, given: Given = {}) => {
  const { dataset = 'orders' } = given;
  const { key = `incoming/${dataset}/a.csv` } = given;
  const objects = memoryStore();
  const stored = await objects.put({ bucket: 'raw-zone', key }, Buffer.from(content));
  if (stored.outcome !== 'stored') throw new Error('not stored');
  const object = { bucket: 'raw-zone', key, size: content.length, etag: stored.etag, ...given.change };
  let bytesRead = 0;
  const deps: ValidateObjectDeps = {
    findDataset: (name) => [orders, strict].find((one) => one.name === name),
    headObject: (at) => objects.head(at),
    readObject: (at, etag) => async (start, end) => {
      const range = end === undefined ? { start } : { start, end };
      const body = await objects.read(at, { range, ifMatch: etag });
      return (async function* () {
        for await (const chunk of body ?? []) {
          bytesRead += chunk.length;
          yield chunk;
        }
      })();
    },
  };
  const run = {
    runId: 'r1',
    dataset,
    asOf: '2026-11-20T10:00:00.000Z',
    object,
    ...(given.workflow && { workflow: given.workflow }),
  };
  const result = await validateObject(run, { ...deps, ...given.deps?.(deps) });
  return { result, bytesRead };
};
const resultOf = async (content: Uint8Array | string, given?: Given) =>
  (await validate(content, given)).result;
const taken = (format: string, headerKnown = true, unknownColumns: readonly string[] = []) => ({
  valid: true,
  format,
  headerKnown,
  unknownColumns,
});
const refusedAs = (code: string, message: RegExp = /./) => ({
  valid: false,
  code,
  message: expect.stringMatching(message),
});

describe('an object with the declared columns', () => {
  test.each([
    ['CSV', 'a.csv', 'id,name,amount\n1,x,2\n'],
    ['CSV with its columns in another order', 'a.csv', 'amount,id,name\n'],
    ['CSV with a BOM and blank lines before its header', 'a.csv', '\ufeff\n\nid,name,amount\n'],
    ['CSV with quoted names', 'a.csv', '"id","name","amount"\r\n'],
    ['CSV in a file called .txt', 'a.TXT', 'id,name,amount'],
    ['gzipped CSV', 'a.csv.gz', gzipSync('id,name,amount\n')],
    ['CSV that is gzipped without saying so', 'a.csv', gzipSync('id,name,amount\n')],
  ])('is taken: %s', async (_what, name, content) => {
    expect(await resultOf(content, { key: `incoming/orders/${name}` })).toEqual(taken('csv'));
  });

  const header = 'id,name,amount\n';
  test.each([
    ['is gzipped, and its name does not say so', 'a.csv', gzipSync(header)],
    ['is gzipped, and its name says so in capital letters', 'a.CSV.GZ', gzipSync(header)],
    ['is not gzipped, though its name says so', 'a.csv.gz', header],
    ['is not gzipped, though its name says so in capital letters', 'a.csv.GZ', header],
  ])('is not for the reader of csv-map, which asks, if it %s', async (_what, name, content) => {
    const given = { workflow: 'csv-map', key: `incoming/orders/${name}` } as const;
    expect(await resultOf(content, given)).toEqual({ ...taken('csv'), gzipped: true });
  });

  test('is not said to be gzipped if nothing says so', async () => {
    expect(await resultOf(header, { workflow: 'csv-map' })).toEqual(taken('csv'));
  });

  test.each([
    ['JSON lines', 'a.jsonl', '{"id":"1"}\n'],
    ['a JSON array', 'a.json', '\ufeff [{"id":"1"}]'],
    ['an empty array', 'a.json', '[]'],
    ['gzipped JSON', 'a.ndjson.gz', gzipSync('{"id":"1"}\n')],
  ])('is taken: %s', async (_what, name, content) => {
    expect(await resultOf(content, { key: `incoming/orders/${name}` })).toEqual(taken('json'));
  });

  test('is taken: Parquet', async () => {
    const content = await parquetBytes("SELECT '1' AS id, 'x' AS name, 2.5 AS amount");
    expect(await resultOf(content, { key: 'incoming/orders/a.parquet' })).toEqual(taken('parquet'));
  });
});

describe('an object with other columns', () => {
  test('is taken, but its header is not known, if it has undeclared ones', async () => {
    expect(await resultOf('id,name,amount,note\n')).toEqual(taken('csv', false, ['note']));
  });

  test('is taken, but its header is not known, if it lacks one that may be missing', async () => {
    expect(await resultOf('id,name\n')).toEqual(taken('csv', false));
  });

  test('is refused if it lacks a required one', async () => {
    expect(await resultOf('name,amount\n')).toEqual(refusedAs('missing_column', /"id"/));
  });

  test('is refused with a hint if a name differs only in case', async () => {
    expect(await resultOf('ID,name,amount\n')).toEqual(refusedAs('missing_column', /it has "ID"/));
  });

  test('is refused if a declared one is there twice', async () => {
    expect(await resultOf('id,id,name\n')).toEqual(refusedAs('duplicate_column'));
  });

  test('is refused if the dataset rejects undeclared ones', async () => {
    expect(await resultOf('id,note\n', { dataset: 'strict' })).toEqual(refusedAs('unknown_column', /"note"/));
  });

  test('is judged by the same rules if it is Parquet', async () => {
    const key = 'incoming/orders/a.parquet';
    const extra = await parquetBytes("SELECT '1' AS id, 'x' AS name, 2.5 AS amount, 1 AS note");
    expect(await resultOf(extra, { key })).toEqual(taken('parquet', false, ['note']));
    const fewer = await parquetBytes("SELECT 'x' AS name");
    expect(await resultOf(fewer, { key })).toEqual(refusedAs('missing_column'));
  });

  test('has an answer that fits into a state machine, however many there are', async () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `${'é'.repeat(n === 0 ? 5000 : 5)}${n}`);
    const wide = await resultOf(`id,name,amount,${names.join(',')}\n`);
    expect(JSON.stringify(wide).length).toBeLessThan(20_000);
    expect(wide).toMatchObject({ headerKnown: false });
    const longName = await resultOf(`id,${'é'.repeat(5000)}\n`, { dataset: 'strict' });
    expect(JSON.stringify(longName).length).toBeLessThan(2000);
  });
});

describe('a bad object', () => {
  test.each([
    ['no bytes', '', 'empty_object'],
    ['a BOM alone', '\ufeff', 'empty_object'],
    ['blank lines alone', '\n\r\n\n', 'empty_object'],
    ['the head of a ZIP archive', 'PK\x03\x04rest', 'wrong_format'],
    ['the head of a PDF', '%PDF-1.7', 'wrong_format'],
    ['UTF-16', Buffer.from('\ufeffid,name', 'utf16le'), 'wrong_format'],
    ['a header that is no UTF-8', Buffer.from('id,n\xe9,amount\n', 'latin1'), 'bad_header'],
    ['a header with an unclosed quote', 'id,"name\n1,2\n', 'bad_header'],
    ['a header that is too long', `id,${'x'.repeat(2_000_000)}`, 'bad_header'],
    ['gzip that is cut off in its head', gzipSync(Buffer.alloc(10)).subarray(0, 12), 'corrupt_gzip'],
  ])('with %s is refused', async (_what, content, code) => {
    expect(await resultOf(content)).toEqual(refusedAs(code));
  });

  test.each([
    ['a name without a known extension', 'incoming/orders/a.xlsx', 'wrong_format'],
    ['JSON in a file called Parquet', 'incoming/orders/a.parquet', 'wrong_format'],
    ['a line break in its name', 'incoming/orders/a\n.csv', 'bad_name'],
    ['a key of another dataset', 'incoming/strict/a.csv', 'bad_name'],
    ['a key outside the incoming folder', 'orders/a.csv', 'bad_name'],
  ])('with %s is refused', async (_what, key, code) => {
    expect(await resultOf('[{"id":"1"}]', { key })).toEqual(refusedAs(code));
  });

  test('with nothing but blanks for JSON is refused', async () => {
    const content = ' \n'.repeat(100_000);
    expect(await resultOf(content, { key: 'incoming/orders/a.json' })).toEqual(refusedAs('empty_object'));
  });

  test('in a format that the dataset does not take is refused', async () => {
    const given = { dataset: 'strict', key: 'incoming/strict/a.json' };
    expect(await resultOf('[{"id":"1"}]', given)).toEqual(refusedAs('wrong_format', /takes csv/));
  });

  test('with half of a Parquet file is refused', async () => {
    const whole = await parquetBytes("SELECT '1' AS id");
    const half = whole.subarray(0, whole.length / 2);
    expect(await resultOf(half, { key: 'incoming/orders/a.parquet' })).toEqual(refusedAs('corrupt_parquet'));
  });

  test('of an unknown dataset is refused', async () => {
    expect(await resultOf('id\n', { dataset: 'nobody' })).toEqual(refusedAs('unknown_dataset'));
  });

  test.each(['etl', 'csv-map'] as const)('of any size is taken, to %s, by its head', async (workflow) => {
    const size = 5 * 1024 ** 4;
    const deps = (usual: ValidateObjectDeps) => ({
      headObject: async (at: Parameters<ValidateObjectDeps['headObject']>[0]) => {
        const head = await usual.headObject(at);
        return head && { ...head, size };
      },
    });
    expect(await resultOf('id,name,amount\n', { workflow, change: { size }, deps })).toEqual(taken('csv'));
  });

  test('that is gone is refused', async () => {
    const deps = () => ({ headObject: async () => null });
    expect(await resultOf('id\n', { deps })).toEqual(refusedAs('no_such_object'));
  });

  test('that was replaced before its run began is refused', async () => {
    expect(await resultOf('id\n', { change: { etag: 'another' } })).toEqual(refusedAs('object_replaced'));
  });

  test('that is replaced between two looks at it is refused', async () => {
    const deps = (usual: ValidateObjectDeps) => ({
      readObject: ((at) => usual.readObject(at, 'another')) as ValidateObjectDeps['readObject'],
    });
    expect(await resultOf('id\n', { deps })).toEqual(refusedAs('object_replaced'));
  });
});

describe('validation', () => {
  test('reads the head of a large object only', async () => {
    const { result, bytesRead } = await validate(`id,name,amount\n${'1,x,2\n'.repeat(1_000_000)}`);
    expect(result).toEqual(taken('csv'));
    expect(bytesRead).toBeLessThan(200_000);
  });

  describe('of a large Parquet file', () => {
    let content: Buffer;
    beforeAll(async () => {
      content = await parquetBytes(
        'SELECT uuid() AS id, uuid() AS name, random() AS amount FROM range(100000)',
      );
    });

    test('reads its head and its footer only', async () => {
      const { result, bytesRead } = await validate(content, { key: 'incoming/orders/a.parquet' });
      expect(result).toEqual(taken('parquet'));
      expect(bytesRead).toBeLessThan(content.length / 4);
    });
  });

  test('throws for a fault of ours, which is no answer about the object', async () => {
    const deps = () => ({ headObject: () => Promise.reject(new Error('no permission')) });
    await expect(resultOf('id\n', { deps })).rejects.toThrow('no permission');
  });
});
