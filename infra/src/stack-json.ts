import { z } from 'zod';

/** A value as JSON has it. What Terraform fills in later reads `${aws_s3_bucket.zones_raw_bucket.arn}`. */
export type Json = z.core.util.JSONType;

const body = z.record(z.string(), z.json());
const bodies = z.record(z.string(), z.record(z.string(), body));
const stackSchema = z.looseObject({ resource: bodies.default({}), data: bodies.default({}) });

/** The arguments of one resource. */
export type Body = z.output<typeof body>;

/** A synthesized stack, as `cdk.tf.json` has it: `resource[type][name]` and `data[type][name]`. */
export type StackJson = z.output<typeof stackSchema>;

/** Throws if the text is no stack of Terraform's. */
export const parseStack = (text: string): StackJson => stackSchema.parse(JSON.parse(text));

export interface Resource {
  readonly type: string;
  /** The logical name: `zones_raw_bucket`. */
  readonly name: string;
  /** `aws_s3_bucket.zones_raw_bucket`; others refer to its attributes by `${<address>.<attribute>}`. */
  readonly address: string;
  readonly body: Body;
}

/** The resources of a type, or all, in the order of the file. */
export const resources = (stack: StackJson, type?: string): Resource[] =>
  Object.entries(stack.resource)
    .filter(([each]) => type === undefined || each === type)
    .flatMap(([each, named]) =>
      Object.entries(named).map(([name, found]) => ({
        type: each,
        name,
        address: `${each}.${name}`,
        body: found,
      })),
    );

/**
 * What lies at a path; undefined if nothing does. Terraform takes a block as an object or as a list of one, and so does
 * this: `at(body, 'rule', 'object_ownership')` reads both.
 */
export const at = (value: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((found, key) => {
    const block = Array.isArray(found) && found.length === 1 ? found[0] : found;
    return typeof block === 'object' && block !== null && !Array.isArray(block) ? block[key] : undefined;
  }, value);

/** The blocks of a kind: none, one, or a list of them. */
export const blocks = (value: Json | undefined): Json[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore,
  Resource: oneOrMore.default([]),
  /** Of a resource's own policy or a role's trust: `{ Service: ['lambda.amazonaws.com'] }`; `*` is everybody. */
  Principal: z.union([z.literal('*'), z.record(z.string(), oneOrMore)]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).optional(),
});

/** A statement of a policy, with a list wherever the language takes one value or more. */
export type PolicyStatement = z.output<typeof statement>;

/** Throws if the text is no policy, or has in it what none of ours needs (`NotAction`, `NotResource`, `NotPrincipal`). */
export const statementsOf = (policy: Json | undefined): PolicyStatement[] =>
  z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(z.strictObject({ Version: z.literal('2012-10-17'), Statement: z.array(statement) }))
    .parse(policy).Statement;

/** The addresses that a value refers to, each once: `aws_s3_bucket.zones_raw_bucket`, `data.aws_partition.partition`. */
export const referencesIn = (value: Json | undefined): string[] => {
  const found = new Set<string>();
  for (const text of textsIn(value)) {
    if (!text.includes('${')) continue;
    for (const [address] of text.matchAll(/\b(?:data\.)?aws_\w+\.\w+/g)) found.add(address);
  }
  return [...found];
};

/** Every text in a value, keys not counted. */
export const textsIn = (value: Json | undefined): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === '//' ? [] : textsIn(each)));
};
