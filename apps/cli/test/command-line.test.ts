import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parseAsOf } from '../src/commands/as-of.ts';
import { commands } from '../src/commands/index.ts';
import { didYouMean } from '../src/did-you-mean.ts';
import { EXIT } from '../src/exit-codes.ts';
import { bytes, duration, share } from '../src/terminal/figures.ts';
import { progressLine } from '../src/terminal/progress.ts';
import { quoted } from '../src/terminal/shell.ts';
import { table, widthOf } from '../src/terminal/table.ts';
import { openTerminal } from '../src/terminal/terminal.ts';
import { sluice } from './sluice.ts';

describe('help', () => {
  test('lists the commands and the exit codes', async () => {
    const ended = await sluice(['--help']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const name of Object.keys(commands)) expect(ended.stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(ended.stdout).toContain('Exit codes');
  });

  test.each(Object.keys(commands))('of %s says how to use it', async (name) => {
    const ended = await sluice([name, '--help']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(new RegExp(`^sluice ${name}\\b`));
    expect(ended.stdout).toMatch(/--lake DIR .*\n.*--json /);
    expect(ended.stdout).toContain('Exit codes');
  });

  test('and the README name the same exit codes', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const help = (await sluice(['--help'])).stdout;
    for (const code of Object.values(EXIT)) {
      expect(readme).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
      expect(help).toMatch(new RegExp(`\\b${code}\\b`));
    }
  });
});

describe('datasets', () => {
  test('are listed', async () => {
    expect((await sluice(['datasets'])).stdout).toMatch(/^orders +9 +csv, json, parquet +An order line/m);
    expect(JSON.parse((await sluice(['datasets', '--json'])).stdout)).toContainEqual(
      expect.objectContaining({ name: 'orders', fields: 9, threshold: 70 }),
    );
  });

  test('are described', async () => {
    expect((await sluice(['datasets', 'orders'])).stdout).toMatch(/^# orders\n/);
    expect(JSON.parse((await sluice(['datasets', 'orders', '--json'])).stdout)).toMatchObject({
      name: 'orders',
    });
  });
});

test('a misspelt name is guessed, a strange one is not', () => {
  expect(didYouMean('odrers', ['orders', 'airports'])).toBe('; did you mean orders?');
  expect(didYouMean('ORDERS', ['orders'])).toBe('; did you mean orders?');
  expect(didYouMean('penguin', ['orders', 'penguins'])).toBe('; did you mean penguins?');
  expect(didYouMean('cats', ['orders', 'penguins'])).toBe('');
});

test('--as-of is a day or a moment with its zone, in UTC', () => {
  expect(parseAsOf('2025-06-30')).toBe('2025-06-30T00:00:00.000Z');
  expect(parseAsOf('2025-06-30T01:30:00+02:00')).toBe('2025-06-29T23:30:00.000Z');
  for (const wrong of ['2025-06-30T10:00:00', '2025-13-01', '2025-02-29', 'today', '']) {
    expect(() => parseAsOf(wrong)).toThrow('is no moment');
  }
});

test('figures are short and never claim too much', () => {
  expect([0, 1, 999, 1000, 999_949, 999_950, 1_234_567_890].map(bytes)).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '999.9 kB',
    '1.0 MB',
    '1.2 GB',
  ]);
  expect([0.4, 999, 1000, 59_949, 59_950, 125_000].map(duration)).toEqual([
    '0 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
  ]);
  expect([share(0, 0), share(1, 100_000), share(99_999, 100_000), share(1, 1)]).toEqual([
    '–',
    '< 0.1 %',
    '> 99.9 %',
    '100.0 %',
  ]);
});

test('words are quoted for a shell only where they must be', () => {
  expect([quoted('a/b.csv'), quoted("it's here.csv"), quoted('')]).toEqual([
    'a/b.csv',
    "'it'\\''s here.csv'",
    "''",
  ]);
});

test('tables align letters of any width', () => {
  expect([widthOf('abc'), widthOf('美咲'), widthOf('e\u0301'), widthOf('😀')]).toEqual([3, 4, 1, 2]);
  const plain = { dim: (text: string) => text, bold: (text: string) => text };
  expect(
    table(
      [{ title: 'name' }, { title: 'n', align: 'right' }],
      [
        ['美咲', '1'],
        ['ann', '20'],
      ],
      plain,
    ),
  ).toBe('name   n\n────  ──\n美咲   1\nann   20\n');
});

const said: string[] = [];
const terminalFor = (env: Record<string, string>, isTTY: boolean) => {
  said.length = 0;
  const stream = { isTTY, columns: 100, write: (text: string) => said.push(text) };
  // Only these three members are used.
  const streams = { stdout: stream, stderr: stream, env } as unknown as NodeJS.Process;
  return openTerminal(streams, new AbortController().signal);
};

describe('colours', () => {
  test.each([
    ['on a terminal', {}, true, true],
    ['not with NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['not on a dumb terminal', { TERM: 'dumb' }, true, false],
    ['not in a file', {}, false, false],
  ])('%s', (_where, env, isTTY, coloured) => {
    expect(terminalFor(env, isTTY).paint.good('a') !== 'a').toBe(coloured);
  });
});

describe('progress', () => {
  const at = (fraction: number) => ({
    label: 'TransformObject',
    fraction,
    size: 100_000_000,
    rows: 1_000_000,
  });

  test('rewrites its line on a terminal, with rows, bytes, rate and time left', () => {
    let now = 1000;
    const line = progressLine(terminalFor({ NO_COLOR: '1' }, true), () => now);
    line.update(at(0));
    now += 1000;
    line.update(at(0.25));
    line.clear();
    expect(said.at(-2)).toBe(
      '\r\u001b[2K  TransformObject  25 %  250,000 of 1,000,000 rows  25.0 MB of 100.0 MB  25.0 MB/s  3.0 s left',
    );
    expect(said.at(-1)).toBe('\r\u001b[2K');
  });

  test('is a plain line every few seconds elsewhere', () => {
    let now = 0;
    const line = progressLine(terminalFor({}, false), () => now);
    for (; now <= 11_000; now += 500) line.update(at(now / 20_000));
    expect(said).toHaveLength(2);
    expect(said[0]).toBe(
      '  TransformObject  25 %  250,000 of 1,000,000 rows  25.0 MB of 100.0 MB  5.0 MB/s  15.0 s left\n',
    );
  });
});
