import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../src/command.ts';
import { quarantine } from '../../src/commands/quarantine.ts';
import { AS_OF, HEADER } from '../orders.ts';
import { runInProcess } from '../run-in-process.ts';
import { newFolder } from '../sluice.ts';
import { terminalOf } from './replay.ts';

const fine = Array.from(
  { length: 40 },
  (_, at) => `A${at},ann,a${at}@example.com,10,1,10,ACTIVE,2025-05-01 10:00:00,01`,
);
const faulty = [
  'B1,eve@secret.example,eve@secret.example,ten,1,10,ACTIVE,2025-05-01 10:00:00,04',
  ',=1+1,fay@secret.example,10,1,x,ACTIVE,2025-05-01 10:00:00,04',
  'B3,gus@secret.example,short',
];

let folder: Awaited<ReturnType<typeof newFolder>>;
let lake = '';
beforeAll(async () => {
  folder = await newFolder();
  lake = join(folder.path, 'lake');
  const run = async (name: string, lines: readonly string[], asOf: string): Promise<void> => {
    const file = join(folder.path, name);
    await writeFile(file, `${lines.join('\n')}\n`);
    await runInProcess(lake, 'orders', file, asOf);
  };
  await run('fine.csv', [HEADER, ...fine], '2025-06-01T00:00:00.000Z');
  await run('faulty.csv', [HEADER, ...fine, ...faulty], AS_OF);
  await run('invalid.csv', ['nothing', '1'], '2025-06-02T00:00:00.000Z');
}, 60_000);
afterAll(() => folder.remove());

const sluice = async (...args: string[]) => {
  const terminal = terminalOf();
  const parsed = parseArguments('quarantine', quarantine, [...args, '--lake', lake]);
  if (!parsed) throw new Error('help');
  const code = await quarantine.run(parsed, terminal);
  return { code, out: terminal.printed.join(''), err: terminal.said.join('') };
};
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await sluice(...args, '--json')).out);
const faultyRun = async (): Promise<string> => {
  const [first] = (await json()) as [{ readonly runId: string }];
  return first.runId;
};

describe('sluice quarantine ls', () => {
  test('is what sluice quarantine does: the runs that left something there, the newest first, with reasons', async () => {
    const { out } = await sluice();
    expect(out).toBe((await sluice('ls')).out);
    expect(
      out
        .replace(/orders-[0-9a-f]{8}/g, 'RUN')
        .split('\n')
        .slice(2),
    ).toEqual(
      [
        'RUN  2025-06-30  incoming/orders/faulty.csv              3       43     1  amount not_a_number',
        '                                                                        1  id missing',
        '                                                                        1  price not_a_number',
        '                                                                        1  wrong_field_count',
        'RUN  2025-06-02  incoming/orders/invalid.csv  whole object                 missing_column',
        '',
      ].map((line) => expect.stringContaining(line.trim())),
    );
  });

  test.each([
    [['--reason', 'missing'], ['faulty.csv id missing']],
    [['--reason', 'price.not_a_number'], ['faulty.csv price not_a_number']],
    [
      ['--reason', 'not_a_number'],
      ['faulty.csv amount not_a_number', 'faulty.csv price not_a_number'],
    ],
    [['--reason', 'missing_column'], ['invalid.csv null missing_column']],
    [['--reason', 'too_long'], []],
    [['--dataset', 'orders', '--reason', 'wrong_field_count'], ['faulty.csv null wrong_field_count']],
  ])('finds %j', async (options, expected) => {
    const entries = (await json('ls', ...options)) as {
      readonly object: { readonly key: string };
      readonly reasons: readonly { readonly field: string | null; readonly code: string }[];
    }[];
    const found = entries.flatMap(({ object, reasons }) =>
      reasons.map(({ field, code }) => `${object.key.split('/').at(-1)} ${field} ${code}`),
    );
    expect(found).toEqual(expected);
  });

  test('finds one run', async () => {
    expect(await json('ls', '--run', (await faultyRun()).slice(0, 20))).toHaveLength(1);
  });

  test('says so if there is nothing', async () => {
    expect(await sluice('ls', '--reason', 'too_long')).toMatchObject({
      out: '',
      err: expect.stringContaining('Nothing is in quarantine'),
    });
  });
});

describe('sluice quarantine show', () => {
  test('shows rows with their reasons, without personal data', async () => {
    const { out } = await sluice('show', await faultyRun());
    expect(out).toMatch(/41 {2}amount not_a_number +amount "ten"/);
    expect(out).toMatch(/42 {2}id missing, price not_a_number +id "" {2}price "x"/);
    expect(out).toMatch(/43 {2}wrong_field_count/);
    expect(out).not.toContain('secret.example');
  });

  test('as JSON names what it masks', async () => {
    const document = await json('show', await faultyRun());
    expect(JSON.stringify(document)).not.toContain('secret.example');
    expect(document).toMatchObject({
      quarantined: 3,
      rows: [
        { row: 41, masked: ['name', 'email'], record: { email: null, amount: 'ten' } },
        { row: 42, masked: ['email'], record: { name: '=1+1' } },
        { row: 43, masked: ['raw'], record: null, raw: null },
      ],
    });
  });

  test('reveals personal data if it is asked to', async () => {
    expect((await sluice('show', await faultyRun(), '--reveal')).out).toContain('gus@secret.example');
    expect(await json('show', await faultyRun(), '--reveal')).toMatchObject({
      rows: [{ record: { email: 'eve@secret.example' } }, {}, { raw: faulty[2] }],
    });
  });

  test('shows only the rows of a reason, and no more than wanted', async () => {
    expect(await json('show', await faultyRun(), '--reason', 'id.missing')).toMatchObject({
      rows: [{ row: 42 }],
    });
    const { out, err } = await sluice('show', await faultyRun(), '--limit', '1');
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(err).toContain('1 row of 3');
  });

  test('gives rows out as they came', async () => {
    const { out } = await sluice('show', await faultyRun(), '--csv');
    expect(out.replace(/-[0-9a-f]{8},/g, ',')).toBe(
      `sluice_row,${HEADER}\n${faulty.map((row, at) => `r${41 + at},${row}`).join('\n')}\n`,
    );
  });

  test('gives out only the rows of a reason', async () => {
    const { out } = await sluice('show', await faultyRun(), '--csv', '--reason', 'wrong_field_count');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });

  test('of an object that was refused as a whole tells why, and what to type', async () => {
    const entries = (await json()) as { readonly runId: string }[];
    await expect(sluice('show', entries[1]?.runId ?? '')).rejects.toThrow(
      /was refused as a whole: .*\(missing_column\).*sluice quarantine replay/,
    );
  });
});

describe('a command line that cannot be carried out', () => {
  test.each([
    [['lst'], 'there is no quarantine "lst"'],
    [['show'], 'which run?'],
    [['ls', 'orders-1'], 'is too much'],
    [['replay', 'nothing'], 'there is no run "nothing"'],
    [['ls', '--csv'], '--csv belongs to sluice quarantine show'],
    [['show', 'orders', '--with', 'x'], '--with belongs to sluice quarantine replay'],
    [['show', 'orders'], '3 runs begin with "orders"'],
    [['ls', '--dataset', 'order'], 'there is no dataset "order"'],
    [['show', 'orders', '--limit', 'all'], 'is no number of rows'],
  ])('%j', async (args, message) => {
    await expect(sluice(...args)).rejects.toThrow(message);
  });
});
