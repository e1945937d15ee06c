// What `npm start`, `npm test` and `npm run deploy` run first. Plain JavaScript without dependencies: when it starts there
// may be nothing on the machine but Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.installed');
const usage =
  'Usage: node scripts/bootstrap.js start [ARGUMENTS OF sluice] | produce ARGUMENTS | test | install | infra synth|deploy|diff|destroy';

/** A failure that the user can put right; its message is all they see. */
class Stop extends Error {}

/** Runs one step and says on standard error what it is and how long it took. The command's own output is shown only if it fails. */
function step(title, failure, command, args) {
  process.stderr.write(`${title}… `);
  const started = Date.now();
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0) {
    process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return;
  }
  process.stderr.write('failed\n');
  const output = `${stdout ?? ''}${stderr ?? ''}${error ?? ''}`.trim();
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/.test(
      output,
    )
  ) {
    throw new Stop(
      `${failure}: the package registry does not answer. The first run needs the network; check the connection ` +
        '(and the proxy and registry that `npm config list` shows), then run this again.',
    );
  }
  process.stderr.write(`${output.split('\n').slice(-20).join('\n')}\n`);
  throw new Stop(`${failure}; the reason is above.`);
}

/** The folder with the start script of the pinned pnpm, fetched with npm the first time. */
function pnpmFolder() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folder = join(root, '.cache', packageManager.replace('@', '-'));
  const bin = (base) => join(base, 'node_modules', '.bin');
  if (existsSync(folder)) return bin(folder);
  const fetching = `${folder}.${process.pid}`;
  try {
    mkdirSync(fetching, { recursive: true });
    const quiet = [
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
      '--loglevel=error',
      '--fetch-retry-mintimeout=1000',
      '--fetch-retry-maxtimeout=3000',
    ];
    const title = `Fetching ${packageManager}`;
    step(title, 'pnpm could not be fetched', 'npm', [
      'install',
      '--prefix',
      fetching,
      ...quiet,
      packageManager,
    ]);
    // Only a complete pnpm gets its name, and two that fetch it at the same time do not meet.
    if (!existsSync(folder)) renameSync(fetching, folder);
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
  return bin(folder);
}

/** Installs what is asked for, unless the stamp says that it is there: then no network is needed. */
function install(wanted) {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  // An installation that has developers' tools keeps them, or starting Sluice would prune them.
  const scope = wanted === 'all' || existsSync(join(modules, 'turbo')) ? 'all' : 'cli';
  const stamp = `${scope} ${hash.digest('hex')}\n`;
  const pnpm = pnpmFolder();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return pnpm;

  rmSync(stampFile, { force: true });
  const args = [
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    '--config.confirmModulesPurge=false',
  ];
  const [title, selection] =
    scope === 'all'
      ? ['Installing everything for development', []]
      : [
          'Installing what the command line needs (about 300 MB)',
          ['--prod', '--filter', '.', '--filter', '@sluice/cli...', '--filter', '@sluice/scripts...'],
        ];
  step(title, 'The packages could not be installed', join(pnpm, 'pnpm'), [...args, ...selection]);
  writeFileSync(stampFile, stamp);
  return pnpm;
}

/** Runs a program in our place: its output, its exit code, and the signals that are meant for it. */
function become(command, args, env) {
  const child = spawn(command, args, { stdio: 'inherit', env });
  // The terminal sends Ctrl-C to the child too, which decides when it has cleaned up.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

function main([command, ...args]) {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Stop(
      `Sluice needs Node.js 20 or later, this is ${process.versions.node}. Get it from https://nodejs.org.`,
    );
  }
  // Node 22 from the npm package `node`, unless the running one can already strip types. Not the one in `.bin`, a script
  // that dies of the signals that are meant for its child.
  const bin = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const node = () => (process.features.typescript ? process.execPath : bin);

  if (command === 'start') {
    install('cli');
    become(node(), [join(root, 'apps/cli/src/main.ts'), ...(args.length > 0 ? args : ['demo'])], process.env);
  } else if (command === 'produce') {
    install('cli');
    become(node(), [join(root, 'scripts/produce-records/main.ts'), ...args], process.env);
  } else if (command === 'test' && args.length === 0) {
    // turbo looks for pnpm, and every tool for Node, on the path.
    const path = [join(modules, '.bin'), install('all'), process.env.PATH].join(delimiter);
    become(node(), [join(root, 'scripts/test.ts')], { ...process.env, PATH: path });
  } else if (command === 'infra' && args.length > 0) {
    install('all');
    become(node(), [join(root, 'infra/src/deploy/main.ts'), ...args], process.env);
  } else if (command === 'install' && args.length === 0) {
    install('all');
  } else {
    throw new Stop(usage);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
