import { describe } from '@jest/globals';
import { describeWithMiniStack, type MiniStack } from '@sluice/aws-emulator';
import { findTerraform, terraformMissing } from '@sluice/scripts/machine-tools';

/**
 * A `describe` with a MiniStack of its own, in which policies decide, for tests that run Terraform against it. Without
 * Terraform they are skipped, loudly; in CI (`CI=true`) they fail.
 */
export function describeWithTerraform(name: string, tests: (miniStack: () => MiniStack) => void): void {
  if (findTerraform() !== null) {
    describeWithMiniStack(name, tests, { authorize: true });
    return;
  }
  if (process.env.CI === 'true') throw new Error(terraformMissing);
  process.stderr.write(`SKIPPED: ${name}. ${terraformMissing}\n`);
  describe.skip(name, () => {
    tests(() => {
      throw new Error(terraformMissing);
    });
  });
}

/** What makes Terraform, and the SDK, talk to a MiniStack and nothing else. */
export const environmentOf = ({ endpoint, region, credentials }: MiniStack): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  // What the emulator lacks it does not have at the second try either.
  AWS_MAX_ATTEMPTS: '2',
});
