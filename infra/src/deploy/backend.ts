import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeed } from './approval.ts';
import type { Terraform } from './terraform.ts';

// Terraform lets it replace what it says in cdk.tf.json: https://developer.hashicorp.com/terraform/language/files/override
const overrideIn = (folder: string): string => join(folder, 'backend_override.tf.json');

/** Prepares a stack's folder for state in a bucket, whatever it was prepared for before. */
export const initWithBucket = async (
  terraform: Terraform,
  folder: string,
  bucket: string,
  how: readonly string[] = ['-reconfigure'],
): Promise<void> => {
  // Left by a run that was killed.
  rmSync(overrideIn(folder), { force: true });
  const args = ['init', '-input=false', `-backend-config=bucket=${bucket}`, ...how];
  succeed(await terraform.run(folder, args), 'init');
};

/** Does something with a stack whose state is in a file. */
export const withStateFile = async <T>(
  terraform: Terraform,
  folder: string,
  state: string,
  use: () => Promise<T>,
): Promise<T> => {
  const backend = { terraform: { backend: { local: { path: state } } } };
  writeFileSync(overrideIn(folder), JSON.stringify(backend));
  try {
    succeed(await terraform.run(folder, ['init', '-input=false', '-reconfigure']), 'init');
    return await use();
  } finally {
    rmSync(overrideIn(folder), { force: true });
  }
};
