import { gzipSync } from 'node:zlib';
import { arbitraries } from '@sluice/record-schema/arbitraries';
import fc from 'fast-check';
import { type Sent, strict } from './api.ts';

const path = '/datasets/strict/records';
const json = { 'content-type': 'application/json' };
const lines = { 'content-type': 'application/x-ndjson' };
const gzip = { ...lines, 'content-encoding': 'gzip' };
const mebibyte = 2 ** 20;

const nested = (open: string, close: string, depth: number): string =>
  open.repeat(depth) + close.repeat(depth);

/** What people, and attackers, have sent to such interfaces before. */
export const handWritten: readonly Sent[] = [
  ...['[', '{"a":', '[{"id":1,"notes":['].map((open) => ({
    body: open.repeat((5 * mebibyte) / open.length),
  })),
  { body: nested('[', ']', 2 * mebibyte) },
  { body: `{"id":1,"notes":${nested('[', ']', 2 * mebibyte)}}` },
  { body: `{"id":1,"notes":${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}}` },
  { body: `{"id":1,"notes":${nested('[', ']', 99)}}` },
  ...[
    '1e400',
    '-1e400',
    '1e-400',
    '-0',
    '0.1',
    `${'9'.repeat(100_000)}`,
    `1e${'9'.repeat(1000)}`,
    '01',
    '1.',
    '.5',
    '0x10',
    'NaN',
  ].flatMap((number) => [{ body: `{"id":${number}}` }, { body: `{"id":1,"amount":${number}}` }]),
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '\\u005f_proto__',
    '',
    ' ',
  ].flatMap((key) => [
    { body: `{"id":1,"${key}":{"id":"x"}}` },
    { body: `{"${key}":{"id":1}}` },
    { body: `{"id":1,"notes":{"${key}":1}}` },
  ]),
  { body: '{"id":1,"id":"x"}' },
  { body: '{"id":"x","id":1}' },
  { body: `{"id":1${',"id":1'.repeat(100_000)}}` },
  { body: '{"id":1,"notes":"\\ud800"}' },
  { body: '{"id":1,"notes":"\\udc00\\ud800"}' },
  { body: '{"id":1,"notes":{"a":"\\ud800"}}' },
  { body: '{"id":1,"\\ud800":1}' },
  { body: '{"id":1,"notes":"\\u0000"}' },
  { body: '{"id":1,"notes":"\u0000"}' },
  { body: '\u0000' },
  { body: Buffer.alloc(1000) },
  { body: Buffer.from('{"id":1}', 'utf16le') },
  { body: Buffer.from('\uFEFF{"id":1}', 'utf16le') },
  { body: Buffer.from('{"id":1}', 'utf16le').swap16() },
  { body: '\uFEFF{"id":1}' },
  { body: '\uFEFF\uFEFF{"id":1}' },
  { headers: lines, body: '{"id":1}\n\uFEFF{"id":2}\n' },
  { headers: lines, body: '{"id":1}\r{"id":2}\r\n' },
  { headers: lines, body: '{"id":1}\u2028{"id":2}' },
  { headers: lines, body: '[{"id":1}]\n' },
  { body: '{"id":1}\n{"id":2}' },
  { body: '[{"id":1},]' },
  { body: "{'id':1}" },
  { body: '{"id":1}//' },
  { body: `{"id":1,"notes":"${'a'.repeat(mebibyte)}"}` },
  { body: `[${'0,'.repeat(100_000)}0]` },
  { body: `${' '.repeat(mebibyte)}{"id":1}` },
  { headers: lines, body: '\n'.repeat(mebibyte) },
  { headers: gzip, body: gzipSync(Buffer.alloc(64 * mebibyte)) },
  { headers: gzip, body: gzipSync(gzipSync(Buffer.alloc(64 * mebibyte))) },
  { headers: gzip, body: Buffer.concat(Array(1000).fill(gzipSync(Buffer.alloc(mebibyte)))) },
  { headers: gzip, body: Buffer.concat([gzipSync('{"id":1}\n'), Buffer.from('not gzip')]) },
  { headers: gzip, body: gzipSync('') },
  { headers: gzip, body: Buffer.alloc(0) },
  { headers: gzip, body: Buffer.from([0x1f, 0x8b]) },
  { headers: { 'content-type': '' }, body: '{}' },
  { headers: { 'content-type': ';'.repeat(10_000) }, body: '{}' },
  { headers: { 'content-type': 'application/json;charset=utf-8;charset=utf-16' }, body: '{}' },
  { headers: { 'content-encoding': 'gzip, gzip' }, body: '{}' },
].map((sent: Sent) => ({ path, ...sent }));

const { validRow, brokenRow } = arbitraries(strict);

const recordText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: validRow.map((row) => JSON.stringify(row)) },
  { weight: 2, arbitrary: brokenRow.map((row) => JSON.stringify(row.cells)) },
  {
    weight: 2,
    arbitrary: fc
      .record({ id: fc.integer(), notes: fc.jsonValue(), amount: fc.double() })
      .map((row) => JSON.stringify(row)),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** Cuts, flips, doubles or puts in a few bytes. */
const damaged = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .array(
      fc.record({
        how: fc.constantFrom('cut', 'flip', 'double', 'insert'),
        at: fc.nat({ max: Math.max(0, bytes.length - 1) }),
        by: fc.uint8Array({ minLength: 1, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((edits) =>
      edits.reduce((now, { how, at, by }) => {
        const end = Math.min(now.length, at + by.length);
        const [before, hit, after] = [now.subarray(0, at), now.subarray(at, end), now.subarray(end)];
        if (how === 'cut') return Buffer.concat([before, after]);
        if (how === 'double') return Buffer.concat([before, hit, hit, after]);
        if (how === 'insert') return Buffer.concat([before, by, hit, after]);
        return Buffer.concat([before, hit.map((byte, place) => byte ^ (by[place] ?? 0)), after]);
      }, bytes),
    );

const document = fc
  .array(recordText, { minLength: 1, maxLength: 4 })
  .chain((records) =>
    fc.constantFrom(
      { headers: json, text: records[0] ?? '' },
      { headers: json, text: `[${records.join(',')}]` },
      { headers: json, text: JSON.stringify(records) },
      { headers: lines, text: records.join('\n') },
      { headers: lines, text: `${records.join('\r\n')}\r\n\r\n` },
    ),
  );

/** Bodies from whole to hopeless, each with one of the headers that may come with it. */
export const fuzzedBodies: fc.Arbitrary<Sent> = document.chain(({ headers, text }) => {
  const whole = Buffer.from(text);
  const packed = gzipSync(whole);
  return fc
    .oneof(
      { weight: 3, arbitrary: fc.constant({ headers, body: whole }) },
      { weight: 4, arbitrary: damaged(whole).map((body) => ({ headers, body })) },
      { weight: 1, arbitrary: fc.constant({ headers: gzip, body: packed }) },
      { weight: 1, arbitrary: damaged(packed).map((body) => ({ headers: gzip, body })) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((body) => ({ headers, body })) },
      {
        weight: 1,
        arbitrary: fc
          .string({ unit: 'binary' })
          .map((type) => ({ headers: { 'content-type': type }, body: whole })),
      },
    )
    .map((sent) => ({ path, ...sent }));
});
