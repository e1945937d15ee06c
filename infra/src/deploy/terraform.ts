import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { DeployError } from './deploy-error.ts';
import {
  chooseMirror,
  mirrorConfiguration,
  mirrorsBelow,
  type ProviderBuild,
  platformOf,
  type Surroundings,
  userConfiguration,
  usualPrefixes,
} from './plugin-mirror.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The Terraform of this machine. */
export interface Terraform {
  /**
   * Runs a command in a stack's folder. It writes to our own standard output and error, and asks at our terminal.
   *
   * @returns its exit code
   * @throws DeployError if it was stopped with Ctrl-C, once it has ended and left its state in order
   */
  run(folder: string, args: readonly string[]): Promise<number>;
  /** What a command prints. Throws a DeployError if it fails. */
  read(folder: string, args: readonly string[]): Promise<string>;
}

// The first in which S3 holds the lock of its own state: https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
const oldest = { major: 1, minor: 11 };

const howToGetIt =
  'Sluice needs Terraform 1.11 or later; get it from https://developer.hashicorp.com/terraform/install';

/** Throws a DeployError for what `terraform version -json` prints if it is too old, or null if there is none. */
export const checkVersion = (printed: string | null): void => {
  if (printed === null) throw new DeployError(`Terraform was not found on the path. ${howToGetIt}`);
  const { terraform_version: version } = z
    .object({ terraform_version: z.string() })
    .parse(JSON.parse(printed));
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return;
  throw new DeployError(`This is Terraform ${version}. ${howToGetIt}`);
};

/** Throws a DeployError if the machine has no Terraform, or one that is too old. */
export const checkTerraform = async (env: Env): Promise<void> => {
  const { stdout } = await promisify(execFile)('terraform', ['version', '-json'], {
    env: { ...env, TF_CLI_CONFIG_FILE: '', CHECKPOINT_DISABLE: '1' },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return { stdout: null };
    throw error;
  });
  checkVersion(stdout);
};

interface TerraformOptions {
  readonly env: Env;
  /** Of hashicorp/aws: `5.100.0` */
  readonly providerVersion: string;
  /** Where downloaded providers are kept, unless TF_PLUGIN_CACHE_DIR says another place. */
  readonly cacheFolder: string;
}

/** Lends Terraform for a while, told where its provider comes from. */
export const withTerraform = async <T>(
  { env, providerVersion, cacheFolder }: TerraformOptions,
  use: (terraform: Terraform) => Promise<T>,
): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-terraform-'));
  try {
    const build = { version: providerVersion, platform: platformOf(process.platform, process.arch) };
    const sources = providerSources({ env, home: homedir() }, build, folder, cacheFolder);
    return await use(terraformWith({ ...env, ...sources }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The variables that tell Terraform where its provider comes from. */
const providerSources = (
  surroundings: Surroundings,
  build: ProviderBuild,
  folder: string,
  cacheFolder: string,
): Env => {
  const mirror = chooseMirror(build, surroundings, () => mirrorsBelow(usualPrefixes(surroundings)));
  if (mirror !== null) {
    const configuration = join(folder, 'mirror.tfrc');
    writeFileSync(configuration, mirrorConfiguration(mirror));
    return { TF_CLI_CONFIG_FILE: configuration };
  }
  if (userConfiguration(surroundings) !== null) return {};
  const cache = surroundings.env.TF_PLUGIN_CACHE_DIR || cacheFolder;
  mkdirSync(cache, { recursive: true });
  return {
    // It names no file, or the person would have a configuration.
    TF_CLI_CONFIG_FILE: undefined,
    TF_PLUGIN_CACHE_DIR: cache,
    // Without a lock file Terraform trusts only what it has just downloaded. The stacks are generated and commit none;
    // the provider's version is exact.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
  };
};

const terraformWith = (env: Env): Terraform => {
  // It would otherwise advise to run commands that we run next.
  const options = { env: { ...env, TF_IN_AUTOMATION: '1' } };
  return {
    run: (folder, args) => runToTheEnd(folder, args, options.env),
    read: async (folder, args) => {
      try {
        const { stdout } = await promisify(execFile)('terraform', [...args], {
          ...options,
          cwd: folder,
          maxBuffer: 2 ** 28,
        });
        return stdout;
      } catch (cause) {
        throw new DeployError(
          `terraform ${args[0]} failed: ${cause instanceof Error ? cause.message : cause}`,
        );
      }
    },
  };
};

const runToTheEnd = (cwd: string, args: readonly string[], env: Env): Promise<number> => {
  // Terraform ends in good order at the first signal, and at once at the second. A terminal sends Ctrl-C to it as well as
  // to us; without a terminal it is kept from signals to our group, and gets the first of them from us alone.
  const terminal = process.stdin.isTTY === true;
  const [command = '', ...options] = args;
  // Terraform colours whatever it writes to.
  const plain = process.stdout.isTTY === true && !env.NO_COLOR ? [] : ['-no-color'];
  const child = spawn('terraform', [command, ...plain, ...options], {
    cwd,
    env,
    stdio: 'inherit',
    detached: !terminal,
  });
  let stoppedBy: 'SIGINT' | 'SIGTERM' | null = null;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (stoppedBy === null && !(terminal && signal === 'SIGINT')) child.kill(signal);
    stoppedBy ??= signal;
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (stoppedBy !== null) {
        reject(
          new DeployError(
            'Stopped. Run the same command again to go on.',
            128 + constants.signals[stoppedBy],
          ),
        );
      } else {
        resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
      }
    });
  }).finally(() => process.off('SIGINT', stop).off('SIGTERM', stop));
};
