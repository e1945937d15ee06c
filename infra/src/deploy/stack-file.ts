import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { at, parseStack, resources } from '../stack-json.ts';

const terraformSchema = z.object({
  terraform: z.object({
    backend: z.object({ s3: z.object({ key: z.string() }) }),
    required_providers: z.object({ aws: z.object({ version: z.string() }) }),
  }),
});

/** What there is to know of a synthesized stack before Terraform reads it. */
export interface StackFile {
  /** Of the object that holds its state. */
  readonly stateKey: string;
  /** `5.100.0` */
  readonly providerVersion: string;
  /** The folders of `apps/` whose bundles it deploys. */
  readonly apps: readonly string[];
  /** The addresses of what Terraform refuses to destroy: `aws_s3_bucket.zones_raw_bucket`. */
  readonly protectedResources: readonly string[];
}

/** Reads `cdk.tf.json` in a stack's folder. Throws if there is none, or one that is not ours. */
export const readStack = (folder: string): StackFile => {
  const text = readFileSync(join(folder, 'cdk.tf.json'), 'utf8');
  const stack = parseStack(text);
  const { terraform } = terraformSchema.parse(JSON.parse(text));
  const bundles = resources(stack, 'aws_lambda_function').map(({ body }) => z.string().parse(body.filename));
  return {
    stateKey: terraform.backend.s3.key,
    providerVersion: terraform.required_providers.aws.version,
    apps: [...new Set(bundles.map((bundle) => basename(bundle, '.zip')))],
    protectedResources: resources(stack)
      .filter(({ body }) => at(body, 'lifecycle', 'prevent_destroy') === true)
      .map(({ address }) => address),
  };
};
