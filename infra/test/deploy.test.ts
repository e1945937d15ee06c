import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HeadObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithTerraform, environmentOf } from './terraform-cli.ts';

const program = fileURLToPath(new URL('deploy-topic.ts', import.meta.url));
const stateBucket = 'sluice-dev-state-000000000000';

// Terraform starts its provider, a process of half a gigabyte, several times in each.
const timeoutMs = 120_000;

describeWithTerraform('the driver of Terraform', (miniStack) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
    spawn(process.execPath, [program, folder, ...args], {
      env: { ...process.env, ...environmentOf(miniStack()), ...env },
      // Nobody at a terminal.
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  const finish = async (child: ReturnType<typeof start>) => {
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code, signal] = await once(child, 'close');
    return { code, signal, stdout, stderr };
  };

  const deploy = (args: string, env?: Record<string, string | undefined>) =>
    finish(start(args.split(' '), env));

  /** A folder for the path with a `terraform` that is a shell script. The true one is `"$TERRAFORM"` in it. */
  const terraformThat = (does: string): { PATH: string } => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const path = process.env.PATH ?? '';
    const script = `#!/bin/sh\nterraform() { PATH='${path}' command terraform "$@"; }\n${does}\n`;
    writeFileSync(join(bin, 'terraform'), script);
    chmodSync(join(bin, 'terraform'), 0o755);
    return { PATH: [bin, path].join(delimiter) };
  };

  const s3 = () => {
    const { endpoint, credentials } = miniStack();
    return new S3Client({ endpoint, credentials, region: 'eu-central-1', forcePathStyle: true });
  };
  const stateObject = (Key: string) => s3().send(new HeadObjectCommand({ Bucket: stateBucket, Key }));

  test(
    'diff shows what a first deploy would make, exits with 2, and makes nothing',
    async () => {
      const { code, stdout, stderr } = await deploy('diff dev');
      expect(stderr).toContain('dev → account 000000000000, eu-central-1\n');
      expect(stdout).toContain('Plan: 1 to add, 0 to change, 0 to destroy.');
      expect(code).toBe(2);
      expect((await s3().send(new ListBucketsCommand())).Buckets ?? []).toEqual([]);
    },
    timeoutMs,
  );

  test('without a terminal and without --yes, deploy refuses in one line', async () => {
    const { code, stderr } = await deploy('deploy dev');
    expect(stderr).toBe('deploy dev has a question, and there is no terminal: add --yes.\n');
    expect(code).toBe(1);
  });

  describe('a first deploy', () => {
    const stateFile = () => join(folder, 'first-deploy', `${stateBucket}.tfstate`);

    test(
      'that is killed before the state has moved leaves it in a file',
      async () => {
        const killed = terraformThat(
          'case "$*" in *-migrate-state*) kill -9 $PPID ;; *) terraform "$@" ;; esac',
        );
        expect((await deploy('deploy dev --yes', killed)).signal).toBe('SIGKILL');
        expect(existsSync(stateFile())).toBe(true);
        await expect(stateObject('state.tfstate')).rejects.toThrow();
      },
      timeoutMs,
    );

    test(
      'goes on when it is run again, and ends with what was made',
      async () => {
        const { code, stderr } = await deploy('deploy dev --yes');
        expect(stderr).toContain(`An earlier deploy was interrupted while it made the bucket ${stateBucket}`);
        expect(stderr).toContain('dev is deployed: 1 resource.\n  raw bucket  sluice-dev-topic\n');
        expect(code).toBe(0);
        expect(existsSync(stateFile())).toBe(false);
      },
      timeoutMs,
    );

    test("has put both states into the bucket, encrypted with the bucket's key", async () => {
      for (const key of ['state.tfstate', 'lake.tfstate']) {
        expect(await stateObject(key)).toMatchObject({ ServerSideEncryption: 'aws:kms' });
      }
    });
  });

  test(
    'diff exits with 0 where nothing differs',
    async () => {
      const { code, stdout } = await deploy('diff dev');
      expect(stdout).toContain('No changes.');
      expect(code).toBe(0);
    },
    timeoutMs,
  );

  test.each(['SIGINT', 'SIGTERM'] as const)('%s lets Terraform end in good order', async (signal) => {
    const events = join(folder, `${signal}.txt`);
    const slow = terraformThat(`
      case $1 in
        version) terraform "$@" ;;
        plan)
          trap 'echo asked to stop >>${events}; asked=1' INT TERM
          echo started >>${events}
          while [ -z "$asked" ] && kill -0 $PPID; do sleep 0.1 & wait $!; wait; done
          echo state saved >>${events}
          exit 1 ;;
      esac`);
    const child = start(['diff', 'dev'], slow);
    const finished = finish(child);
    while (!existsSync(events)) await sleep(20);
    child.kill(signal);
    const { code, stderr } = await finished;
    expect(readFileSync(events, 'utf8')).toBe('started\nasked to stop\nstate saved\n');
    expect(stderr).toMatch(/Stopped\. Run the same command again to go on\.\n$/);
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
  });

  test(
    'destroy leaves nothing but the bucket with the state',
    async () => {
      const { code, stdout, stderr } = await deploy('destroy dev --yes');
      expect(stdout).toContain('Resources: 0 added, 0 changed, 1 destroyed.');
      expect(stderr).toContain(`The bucket ${stateBucket} remains`);
      expect(code).toBe(0);
    },
    timeoutMs,
  );

  test('destroy of what is protected is refused before Terraform would', async () => {
    const { code, stdout, stderr } = await deploy('destroy prod --yes');
    expect(stderr).toMatch(
      /prod is protected: .* set `protected: false` in infra\/src\/environments\/prod\.ts/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('destroy of what was never deployed says so', async () => {
    const { code, stderr } = await deploy(
      'destroy dev --yes',
      environmentOf({ ...miniStack(), credentials: other }),
    );
    expect(stderr).toContain('Nothing of dev is deployed in this account.\n');
    expect(code).toBe(0);
  });

  test('without credentials, one line says so', async () => {
    const nowhere = join(folder, 'nowhere');
    mkdirSync(nowhere);
    const { code, stderr } = await deploy('diff dev', {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_PROFILE: undefined,
      HOME: nowhere,
    });
    expect(stderr).toMatch(/^No AWS credentials were found: .*; run `aws sso login`, or set .*\n$/);
    expect(code).toBe(1);
  });
});

/** MiniStack takes a key of 12 digits for the account. */
const other = { accessKeyId: '111111111111', secretAccessKey: 'test' };
