import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pythonMissing, systemPython } from './python-env.ts';

/** A program that some tests need and that no package of ours brings. */
interface MachineTool {
  readonly name: string;
  /** Its command or path; null if the machine does not have it. */
  readonly find: () => string | null;
  /** One line: what is missing and how to get it. */
  readonly missing: string;
}

const onPath = (names: readonly string[]): string | null => {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable) ?? null;
};

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Chromium or Chrome, for tests in a real browser; null if there is none. */
export const findChromium = (): string | null => onPath(['chromium', 'chromium-browser', 'google-chrome']);

export const chromiumMissing =
  'Chromium was not found on the path; install it (`apt install chromium`, `brew install --cask chromium`) and run this again.';

function findJava(): string | null {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const { status, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const major = Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  return status === 0 && major >= 17 ? java : null;
}

/** Terraform 1.11 or later: the first that locks its state in S3 without another service. */
export function findTerraform(): string | null {
  const { status, stdout } = spawnSync('terraform', ['version'], { encoding: 'utf8' });
  const [, major = 0, minor = 0] = /^Terraform v(\d+)\.(\d+)/m.exec(stdout ?? '')?.map(Number) ?? [];
  return status === 0 && (major > 1 || (major === 1 && minor >= 11)) ? 'terraform' : null;
}

export const terraformMissing =
  'Terraform 1.11 or later was not found; install it (developer.hashicorp.com/terraform/install) and run this again.';

export const machineTools: readonly MachineTool[] = [
  { name: 'python', find: systemPython, missing: pythonMissing },
  { name: 'chromium', find: findChromium, missing: chromiumMissing },
  {
    name: 'java',
    find: findJava,
    missing:
      'Java 17 or later was not found; install it (adoptium.net, `apt install openjdk-17-jre-headless`) and run this again.',
  },
  { name: 'terraform', find: findTerraform, missing: terraformMissing },
];
