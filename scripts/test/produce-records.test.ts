import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LocalStream, startLocalKinesis } from './produce-records/local-kinesis.ts';

// Each starts processes, on machines with two busy cores.
jest.setTimeout(90_000);

const script = fileURLToPath(new URL('../produce-records/main.ts', import.meta.url));
const everyType = fileURLToPath(new URL('produce-records/every-type.parquet', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'produce-'));
let kinesis: Awaited<ReturnType<typeof startLocalKinesis>>;
beforeAll(async () => {
  kinesis = await startLocalKinesis();
});
afterAll(async () => {
  await kinesis.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface StartOptions {
  readonly input?: string;
  readonly stdinStaysOpen?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

const start = (
  args: readonly string[],
  { input = '', stdinStaysOpen = false, env = {} }: StartOptions = {},
) => {
  const child = spawn(process.execPath, [script, ...args], {
    env: {
      PATH: process.env.PATH,
      XDG_STATE_HOME: join(folder, 'state'),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      // The machine's own, which is to decide nothing here.
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      ...env,
    },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.write(input);
  if (!stdinStaysOpen) child.stdin.end();
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, ended, said: () => err };
};
const run = (args: readonly string[], options?: StartOptions): Promise<Ended> => start(args, options).ended;
const to = ({ endpoint, name }: LocalStream): readonly string[] => ['--endpoint', endpoint, '--stream', name];

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `{"id":"${at + 1}","name":"Zoë ${at}"}`);
const idsIn = async (stream: LocalStream): Promise<readonly number[]> =>
  (await stream.records()).map(({ json }) => Number(JSON.parse(json).id));
const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort();
const inside = async (stream: LocalStream): Promise<readonly string[]> =>
  sorted((await stream.records()).map(({ json }) => json));

const until = async (isSo: () => boolean, { ended }: { readonly ended: Promise<Ended> }): Promise<void> => {
  let early: Ended | null = null;
  void ended.then((end) => {
    early = end;
  });
  while (!isSo()) {
    if (early !== null) throw new Error(`it ended too early: ${JSON.stringify(early)}`);
    await sleep(5);
  }
};

describe('what is sent', () => {
  test('is what CSV, JSON lines, Parquet and standard input hold, each record once', async () => {
    const streams = await Promise.all([1, 2, 3, 4].map(() => kinesis.stream()));
    const [csv, json, parquet, stdin] = streams;
    if (!csv || !json || !parquet || !stdin) throw new Error('there are four streams');
    const rows = Array.from({ length: 700 }, (_, at) => ({
      id: String(at),
      name: `Zoë, "${at}"`,
      status: '',
    }));
    const text = rows.map(({ id, name }) => `${id},"${name.replaceAll('"', '""')}",`).join('\n');
    const lines = Array.from({ length: 600 }, (_, at) => `{"id":"${at}", "n":${at}.10}`);
    const ended = await Promise.all([
      run([
        file('a.csv.gz', gzipSync(`id,name,status\n${text}\n`)),
        ...to(csv),
        '--dataset',
        'orders',
        '--json',
      ]),
      run([file('a.jsonl', lines.join('\n')), ...to(json), '--aggregate', '--partition-key', 'field:id']),
      run([everyType, ...to(parquet), '--dataset', 'orders', '--dataset-field', '']),
      run(['-', ...to(stdin)], { input: lines.join('\n') }),
    ]);

    expect(ended.map(({ code, err }) => ({ code, last: err.trim().split('\n').at(-1) }))).toEqual([
      { code: 0, last: expect.stringContaining('read 700 = sent 700 + refused 0; retried 0 times; ') },
      { code: 0, last: expect.stringContaining('read 600 = sent 600 + refused 0; retried 0 times; ') },
      { code: 0, last: expect.stringContaining('read 3 = sent 3 + refused 0; retried 0 times; ') },
      { code: 0, last: expect.stringContaining('read 600 = sent 600 + refused 0; retried 0 times; ') },
    ]);
    expect(JSON.parse(ended[0]?.out ?? '')).toMatchObject({ read: 700, sent: 700, refused: 0, notSent: 0 });
    expect(await inside(csv)).toEqual(
      sorted(rows.map((row) => JSON.stringify({ _dataset: 'orders', ...row }))),
    );
    expect(await inside(json)).toEqual(sorted(lines));
    expect((await json.records()).every(({ key, json: line }) => JSON.parse(line).id === key)).toBe(true);
    expect((await inside(parquet)).map((line) => JSON.parse(line).id)).toEqual(['1', '2', '3']);
    expect(await inside(stdin)).toEqual(sorted(lines));
  });

  test('are generated records, each once, with the key of their dataset as partition key', async () => {
    const stream = await kinesis.stream();
    const { code } = await run([...to(stream), '--generate', '900', '--dataset', 'orders']);
    expect(code).toBe(0);
    const records = await stream.records();
    expect(records.map(({ json }) => Number(JSON.parse(json).id)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 900 }, (_, at) => at + 1),
    );
    expect(records.every(({ key, json }) => JSON.parse(json).id === key)).toBe(true);
    expect(records.every(({ json }) => json.startsWith('{"_dataset":"orders",'))).toBe(true);
  });

  test('is nothing in a dry run, which says what it would be', async () => {
    const stream = await kinesis.stream(3);
    const path = file('dry.jsonl', [...numbered(1200), '[]'].join('\n'));
    const { code, out, err } = await run([path, ...to(stream), '--dry-run', '--json']);
    const summary = JSON.parse(out);
    expect(summary).toMatchObject({ dryRun: true, read: 1201, sent: 1200, refused: 1, checkpoint: null });
    expect(summary.requests).toBeGreaterThanOrEqual(3);
    expect(summary.shards).toHaveLength(3);
    const perShard: readonly number[] = summary.shards.map(({ records }: { records: number }) => records);
    expect(perShard.reduce((sum, records) => sum + records)).toBe(1200);
    expect(err).toContain('read 1,201 = would send 1,200 + refused 1');
    expect(code).toBe(3);
    expect(stream.puts()).toBe(0);
    expect(await stream.records()).toEqual([]);
  });

  test('is no more a second than asked for', async () => {
    const stream = await kinesis.stream();
    const startedAt = performance.now();
    await run(['-', ...to(stream), '--rate', '100'], { input: numbered(130).join('\n') });
    expect(performance.now() - startedAt).toBeGreaterThan(1200);
    expect(await idsIn(stream)).toHaveLength(130);
  });
});

describe('a stream that throttles', () => {
  test('gets every record in the end, in the order of its key, and the closing line adds up', async () => {
    const stream = await kinesis.stream();
    stream.failWith((request) =>
      request % 2 === 1 && request < 8
        ? { status: 400, type: 'ProvisionedThroughputExceededException' }
        : null,
    );
    const lines = Array.from({ length: 800 }, (_, at) => `{"id":${at + 1},"shop":"${at % 40}"}`);
    const args = ['-', ...to(stream), '--partition-key', 'field:shop', '--ordered', '--aggregate', '--json'];
    const { code, out } = await run(args, { input: lines.join('\n') });
    const { read, sent, refused, notSent, retried } = JSON.parse(out);
    expect({ code, read, sent, refused, notSent }).toEqual({
      code: 0,
      read: 800,
      sent: 800,
      refused: 0,
      notSent: 0,
    });
    expect(retried).toBeGreaterThan(0);
    const records = await stream.records();
    for (let shop = 0; shop < 40; shop += 1) {
      const inShop = records.filter(({ key }) => key === String(shop)).map(({ json }) => json);
      expect(inShop).toEqual(lines.filter((_, at) => at % 40 === shop));
    }
  });
});

describe('started again', () => {
  const expectEach = async (stream: LocalStream, count: number): Promise<number> => {
    const ids = await idsIn(stream);
    expect([...new Set(ids)].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
    return ids.length;
  };

  test('after Ctrl-C it goes on behind what is acknowledged, by the command that it told', async () => {
    const stream = await kinesis.stream();
    const path = file('in two.jsonl', numbered(3000).join('\n'));
    const args = [path, ...to(stream), '--rate', '2000', '--json'];
    const first = start(args);
    await until(() => stream.puts() > 5, first);
    first.child.kill('SIGINT');
    const { code, out, err } = await first.ended;
    const stopped = JSON.parse(out);
    expect(code).toBe(130);
    expect(stopped).toMatchObject({ stopped: 'signal', notSent: 0, refused: 0, acknowledged: stopped.sent });
    expect(stopped.sent).toBeGreaterThan(0);
    expect(stopped.sent).toBeLessThan(3000);
    expect(err).toContain(`pnpm produce '${path}' --endpoint ${stream.endpoint}`);

    const second = await run(args);
    expect(second.code).toBe(0);
    expect(JSON.parse(second.out)).toMatchObject({ before: stopped.sent, read: 3000 - stopped.sent });
    // What was on its way when it stopped was waited for, so nothing came twice.
    expect(await expectEach(stream, 3000)).toBe(3000);

    const third = await run(args);
    expect(third.code).toBe(0);
    expect(JSON.parse(third.out)).toMatchObject({ before: 3000, read: 0, sent: 0, acknowledged: 3000 });
    expect(third.err).toContain('in two.jsonl was sent in full by');
  });

  test('Ctrl-C does not wait for an input that says no more', async () => {
    const stream = await kinesis.stream();
    const idle = start(['-', ...to(stream)], { input: '{"id":"1"}\n{"id":"2"}\n', stdinStaysOpen: true });
    await until(() => stream.puts() > 0, idle);
    idle.child.kill('SIGINT');
    const { code, err } = await idle.ended;
    expect(code).toBe(130);
    expect(err).toContain('read 2 = sent 2 + refused 0');
    expect(err).toContain('acknowledged up to record 2, but noted nowhere: --checkpoint FILE would');
  });

  test('after a crash it skips no record', async () => {
    const stream = await kinesis.stream();
    const checkpoint = join(folder, 'crash', 'checkpoint.json');
    const path = file('crash.csv', `id\n${Array.from({ length: 6000 }, (_, at) => at + 1).join('\n')}\n`);
    const args = [path, ...to(stream), '--rate', '3000', '--checkpoint', checkpoint, '--aggregate'];
    const first = start(args);
    await until(() => existsSync(checkpoint), first);
    await sleep(150);
    first.child.kill('SIGKILL');
    expect((await first.ended).code).toBeNull();
    const { acknowledged, done } = JSON.parse(readFileSync(checkpoint, 'utf8'));
    expect(done).toBe(false);
    expect(acknowledged).toBeGreaterThan(0);

    const second = await run([...args, '--json']);
    expect(second.code).toBe(0);
    expect(JSON.parse(second.out)).toMatchObject({ before: acknowledged, read: 6000 - acknowledged });
    // What had been sent since the checkpoint came twice.
    expect(await expectEach(stream, 6000)).toBeGreaterThanOrEqual(6000);
    expect(JSON.parse(readFileSync(checkpoint, 'utf8'))).toMatchObject({ acknowledged: 6000, done: true });
  });

  test('after a stream that took no more, it sends what is missing', async () => {
    const stream = await kinesis.stream();
    const path = file('denied.jsonl', numbered(2500).join('\n'));
    stream.failWith((request) => (request === 2 ? { status: 400, type: 'AccessDeniedException' } : null));
    const first = await run([path, ...to(stream), '--json']);
    const { read, sent, refused, notSent, failure } = JSON.parse(first.out);
    expect(first.code).toBe(1);
    expect(failure).toMatchObject({ errorCode: 'AccessDeniedException' });
    expect(first.err).toContain(
      `the stream did not take record ${failure.number.toLocaleString('en-US')}: AccessDenied`,
    );
    expect(notSent).toBeGreaterThan(0);
    expect(read).toBe(sent + refused + notSent);

    stream.failWith(null);
    expect((await run([path, ...to(stream)])).code).toBe(0);
    await expectEach(stream, 2500);
  });

  test('with an input that has changed since, it says so and sends nothing', async () => {
    const stream = await kinesis.stream();
    const checkpoint = join(folder, 'changed.json');
    const args = [...to(stream), '--checkpoint', checkpoint];
    stream.failWith((request) => (request === 2 ? { status: 400, type: 'AccessDeniedException' } : null));
    expect((await run(['-', ...args], { input: numbered(1500).join('\n') })).code).toBe(1);
    const puts = stream.puts();
    const { code, err } = await run(['-', ...args], { input: [...numbered(1501)].reverse().join('\n') });
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(/^produce: standard input is not what it was when its first \d+ records were sent; /);
    expect(stream.puts()).toBe(puts);
  });
});

describe('refused records', () => {
  test('are told by number and reason, never by content, and all others are sent', async () => {
    const stream = await kinesis.stream();
    const refused = join(folder, 'refused.jsonl');
    const lines = [
      '{"id":"1"}',
      '{"secret":',
      `{"secret":"${'x'.repeat(1024 * 1024)}"}`,
      '{"_dataset":"secret"}',
      '{"id":"5"}',
      ...Array.from({ length: 30 }, () => '"secret"'),
    ];
    const { code, out, err } = await run(
      ['-', ...to(stream), '--dataset', 'orders', '--refused', refused, '--json'],
      { input: lines.join('\n') },
    );
    expect(code).toBe(3);
    const expected = [
      { record: 2, reason: 'not_json' },
      { record: 3, reason: 'too_large' },
      { record: 4, reason: 'has_dataset_field' },
      ...Array.from({ length: 30 }, (_, at) => ({ record: at + 6, reason: 'not_an_object' })),
    ];
    const noted = readFileSync(refused, 'utf8').trim().split('\n');
    expect(noted.map((line) => JSON.parse(line))).toEqual(expected);
    expect(JSON.parse(out)).toMatchObject({
      read: 35,
      sent: 2,
      refused: 33,
      refusedBy: { not_json: 1, too_large: 1, has_dataset_field: 1, not_an_object: 30 },
    });
    expect(err.match(/record \d+ refused: /g)).toHaveLength(20);
    expect(`${out}${err}${noted}`).not.toContain('secret');
    expect([...(await idsIn(stream))].sort()).toEqual([1, 5]);
  });
});

describe('what cannot be done', () => {
  test('is told in one line', async () => {
    const stream = await kinesis.stream();
    const freePort = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
      });
    });
    const path = file('some.jsonl', numbered(3).join('\n'));
    const nobody = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const cases: readonly (readonly [
      args: readonly string[],
      env: NodeJS.ProcessEnv,
      code: number,
      said: RegExp,
    ])[] = [
      [
        [path, '--endpoint', kinesis.endpoint, '--stream', 'none'],
        {},
        1,
        /there is no stream "none" at http/,
      ],
      [
        [path, '--endpoint', `http://127.0.0.1:${freePort}`, '--stream', 'x'],
        {},
        1,
        /no answer from Kinesis at http.*ECONNREFUSED/,
      ],
      [[path, '--stream', 'x', '--region', 'eu-west-1'], nobody, 1, /no AWS credentials: set AWS_PROFILE/],
      [[path, '--stream', 'x'], {}, 2, /no region: say --region, or set AWS_REGION/],
      [[join(folder, 'gone.csv'), ...to(stream)], {}, 2, /gone\.csv cannot be read: there is no such file/],
    ];
    const ended = await Promise.all(cases.map(([args, env]) => run(args, { env })));
    for (const [at, [, , code, said]] of cases.entries()) {
      expect(ended[at]).toMatchObject({ code, out: '', err: expect.stringMatching(said) });
      expect(ended[at]?.err.trim().split('\n')).toHaveLength(1);
    }
    expect(stream.puts()).toBe(0);
  });

  test('needs no credentials for an endpoint on this machine', async () => {
    const stream = await kinesis.stream();
    const path = file('local.jsonl', '{"id":"1"}\n');
    const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    expect(await run([path, ...to(stream)], { env })).toMatchObject({ code: 0 });
    expect(stream.puts()).toBe(1);
  });

  test('sends what is before bad CSV, and tells the line', async () => {
    const stream = await kinesis.stream();
    const path = file('bad.csv', 'id,name\n1,a\n2,"b"secret\n3,c\n');
    const { code, err } = await run([path, ...to(stream)]);
    expect(code).toBe(1);
    expect(err.trim().split('\n').at(-1)).toMatch(
      /^produce: bad\.csv: bad CSV at line 3: text behind a closing quote/,
    );
    expect(err).not.toContain('secret');
    expect(await idsIn(stream)).toEqual([1]);
  });
});
