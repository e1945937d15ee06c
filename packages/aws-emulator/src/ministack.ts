import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from '@sluice/scripts/python-env';

/** A running emulator. Spread its first three fields into any AWS SDK client's configuration. */
export interface MiniStack {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The process of a function's next invocation is killed so many milliseconds after it has begun, if it still runs. */
  killNextInvocation(functionName: string, afterMs: number): void;
  /** What roles have been allowed so far, each permission once. Nothing is known without `authorize`. */
  usedPermissions(): Promise<RolePermission[]>;
  /** Ends the server and waits for it. Everything it held is gone. */
  stop(): Promise<void>;
}

/** An action of a statement in a role's policy. */
export interface RolePermission {
  /** Its name. */
  readonly role: string;
  readonly sid: string;
  readonly action: string;
}

export interface MiniStackOptions {
  /**
   * Whether the policies of roles, users and resources decide what is allowed, as on AWS; the account itself, which
   * `credentials` belong to, is bound by none but those of queues and topics. Otherwise everything is allowed.
   */
  readonly authorize?: boolean;
}

const runner = fileURLToPath(new URL('run-ministack.py', import.meta.url));
const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
const maxAttempts = 3;

/**
 * Starts an empty MiniStack of its own on a free loopback port, in a second or two once the Python tools are there.
 * It ends with `stop()`, or with this process, however that ends. Lambdas in it run with this process's Node.
 */
export async function startMiniStack({ authorize = false }: MiniStackOptions = {}): Promise<MiniStack> {
  const python = await pythonEnvironment();
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(tmpdir(), 'ministack-'));
    const port = await freePort();
    const server = launch(python, { port, folder, authorize });
    const endpoint = `http://127.0.0.1:${port}`;
    const stop = async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    };
    if (await isReady(server, endpoint)) {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const killNextInvocation = (functionName: string, afterMs: number) => {
        server.stdin?.write(`${functionName} ${afterMs}\n`);
      };
      const usedPermissions = () => permissionsIn(join(folder, 'used-permissions'));
      return { endpoint, region: 'us-east-1', credentials, killNextInvocation, usedPermissions, stop };
    }
    const log = await readFile(logIn(folder), 'utf8');
    await stop();
    // Another process may have taken the port in the moment between finding and using it.
    if (attempt === maxAttempts) throw new Error(`MiniStack did not start:\n${log.slice(-2000)}`);
  }
}

const logIn = (folder: string) => join(folder, 'ministack.log');

interface Launch {
  readonly port: number;
  readonly folder: string;
  readonly authorize: boolean;
}

function launch(python: string, { port, folder, authorize }: Launch): ChildProcess {
  const log = openSync(logIn(folder), 'w');
  try {
    return spawn(python, [runner], {
      cwd: folder,
      stdio: ['pipe', log, log],
      env: {
        ...process.env,
        // The Lambdas' Node is the first on the path.
        PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
        GATEWAY_PORT: String(port),
        // By default it listens on every address.
        BIND_HOST: '127.0.0.1',
        TMPDIR: folder,
        S3_DATA_DIR: join(folder, 's3'),
        AUTH: String(authorize),
        // Test clients of several suites must not meet in a real account.
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    });
  } finally {
    closeSync(log);
  }
}

async function isReady(server: ChildProcess, endpoint: string): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs;
  while (server.exitCode === null && server.signalCode === null && Date.now() < deadline) {
    const ready = await fetch(`${endpoint}/_ministack/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return true;
    await sleep(50);
  }
  return false;
}

async function permissionsIn(file: string): Promise<RolePermission[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [role = '', sid = '', action = ''] = line.split(' ');
    return { role, sid, action };
  });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.stdin?.end();
  const timer = setTimeout(() => server.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string')
    throw new Error('The loopback interface gave no port.');
  return address.port;
}
