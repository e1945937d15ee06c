import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { App } from 'cdktf';
import { ensureStateBucket } from '../src/deploy/state-bucket.ts';
import { environmentNamed } from '../src/environments/index.ts';
import { StateStack } from '../src/state-stack.ts';

const bucket = 'sluice-dev-state-123456789012';
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'state-bucket-'));
  const app = new App({ outdir: root });
  new StateStack(app, environmentNamed('dev'));
  app.synth();
});
afterEach(() => rmSync(root, { recursive: true }));

const stackFolder = () => join(root, 'stacks', 'state-dev');
const firstDeployFolder = () => join(root, 'first-deploy');
const stateFile = () => join(firstDeployFolder(), `${bucket}.tfstate`);
const override = () => join(stackFolder(), 'backend_override.tf.json');

/** An account in which Terraform does what it is told: applies into the state file, and moves that into the bucket. */
function account({ bucketExists = false, stateInBucket = false, failingAt = '' }) {
  const calls: string[] = [];
  const said: string[] = [];
  const ensure = () =>
    ensureStateBucket({
      stateBucket: bucket,
      approval: 'none',
      target: {
        environment: 'dev',
        namePrefix: 'sluice-dev',
        stackFolder: '',
        stateStackFolder: stackFolder(),
        firstDeployFolder: firstDeployFolder(),
      },
      account: {
        id: '123456789012',
        hasBucket: async () => bucketExists,
        hasObject: async () => stateInBucket,
      },
      terminal: { interactive: false, say: (line) => void said.push(line), ask: async () => null },
      terraform: {
        read: async () => '',
        run: async (_, args) => {
          const step = args.includes('-migrate-state') ? 'migrate' : (args[0] ?? '');
          calls.push(step);
          if (step === failingAt) return 1;
          if (step === 'init') {
            const { terraform } = JSON.parse(readFileSync(override(), 'utf8'));
            expect(terraform).toEqual({ backend: { local: { path: stateFile() } } });
          }
          if (step === 'apply') {
            writeFileSync(stateFile(), '{}');
            bucketExists = true;
          }
          if (step === 'migrate') {
            expect(args).toContain(`-backend-config=bucket=${bucket}`);
            expect(existsSync(override())).toBe(false);
            stateInBucket = true;
          }
          return 0;
        },
      },
    });
  return { calls, said, ensure };
}

test('the first deploy makes the bucket, moves its own state into it, and leaves none behind', async () => {
  const { ensure, calls, said } = account({});
  await ensure();
  expect(calls).toEqual(['init', 'apply', 'migrate']);
  expect(said).toEqual([
    `First deploy of dev: Terraform will keep its state in the bucket ${bucket}, which is made now.`,
  ]);
  expect(readdirSync(firstDeployFolder())).toEqual([]);
});

test('a later deploy runs nothing', async () => {
  const { ensure, calls, said } = account({ bucketExists: true, stateInBucket: true });
  await ensure();
  expect({ calls, said }).toEqual({ calls: [], said: [] });
});

test.each(['init', 'apply', 'migrate'])(
  'after a %s that failed, the next deploy goes on',
  async (failingAt) => {
    const first = account({ failingAt });
    await expect(first.ensure()).rejects.toThrow(
      /^terraform (init|apply) did not finish; its reason is above\.$/,
    );
    expect(existsSync(override())).toBe(false);
    const second = account({ bucketExists: failingAt === 'migrate' });
    await second.ensure();
    expect(second.calls).toEqual(['init', 'apply', 'migrate']);
    expect(existsSync(stateFile())).toBe(false);
  },
);

test('a deploy that was killed between moving the state and tidying up is tidied up after', async () => {
  mkdirSync(firstDeployFolder());
  writeFileSync(stateFile(), '{}');
  await account({ bucketExists: true, stateInBucket: true }).ensure();
  expect(existsSync(stateFile())).toBe(false);
});

test('a bucket that another computer has half made is not touched', async () => {
  const { ensure, calls } = account({ bucketExists: true });
  await expect(ensure()).rejects.toThrow(
    /a first deploy was interrupted on another computer\. Run it again there/,
  );
  expect(calls).toEqual([]);
});

describe('the stack of the state bucket', () => {
  const stack = () => JSON.parse(readFileSync(join(stackFolder(), 'cdk.tf.json'), 'utf8'));

  test('cannot be destroyed in any environment, nor can its key', () => {
    const { aws_s3_bucket, aws_kms_key } = stack().resource;
    expect(aws_s3_bucket.state_bucket).toMatchObject({
      lifecycle: { prevent_destroy: true },
      force_destroy: false,
    });
    expect(aws_kms_key.state_key_key).toMatchObject({
      lifecycle: { prevent_destroy: true },
      enable_key_rotation: true,
    });
  });

  test('keeps earlier versions of the state for 90 days', () => {
    const { rule } = stack().resource.aws_s3_bucket_lifecycle_configuration.state_lifecycle;
    expect(rule).toContainEqual(
      expect.objectContaining({ noncurrent_version_expiration: [{ noncurrent_days: 90 }] }),
    );
  });

  test("locks in S3, and lets the bucket encrypt with its own key, where `encrypt` would ask for S3's", () => {
    expect(stack().terraform.backend.s3).toEqual({
      bucket: '',
      key: 'state.tfstate',
      region: 'eu-central-1',
      use_lockfile: true,
    });
  });
});
