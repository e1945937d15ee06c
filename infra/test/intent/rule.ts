import type { Environment } from '../../src/environments/environment.ts';
import {
  type Body,
  type Json,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
} from '../../src/stack-json.ts';

/** Something that holds in the stack of every environment. */
export interface Rule {
  /** As the name of a test: `every bucket refuses the public`. */
  readonly intent: string;
  /** A line for each thing that breaks it. */
  readonly violations: (stack: StackJson, environment: Environment) => string[];
  /** Lines that may come up in some stack, and why. One that comes up in none is reported. */
  readonly except?: Readonly<Record<string, string>>;
  /** What proves that the rule notices. */
  readonly broken: readonly [Break, ...Break[]];
}

/** A way to break a rule. */
interface Break {
  readonly how: string;
  /** Which environment's stack is broken; dev's unless told. */
  readonly of?: Environment['name'] | 'everything-on';
  /** Is given a copy of the stack. */
  readonly change: (stack: StackJson) => void;
  /** The lines that come up then, and no others. */
  readonly says: readonly [string, ...string[]];
}

/** The arguments of a resource, to be changed. Throws if there is no such resource. */
export const bodyOf = (stack: StackJson, address: string): Body => {
  const found = resources(stack).find((each) => each.address === address);
  if (!found) throw new Error(`The stack has no ${address}.`);
  return found.body;
};

export const remove = (stack: StackJson, address: string): void => {
  bodyOf(stack, address);
  const [type = '', name = ''] = address.split('.');
  delete stack.resource[type]?.[name];
};

/** Changes what an argument holds as JSON text: a policy, a state machine's definition. */
export const rewrite = (
  stack: StackJson,
  address: string,
  argument: string,
  change: (document: Record<string, Json>) => void,
): void => {
  const body = bodyOf(stack, address);
  const text = body[argument];
  if (typeof text !== 'string') throw new Error(`${address} has no ${argument} that is a text.`);
  const document = JSON.parse(text);
  change(document);
  body[argument] = JSON.stringify(document);
};

/** Changes the statement of that Sid in a policy. */
export const rewriteStatement = (
  stack: StackJson,
  address: string,
  argument: string,
  sid: string,
  change: (statement: Record<string, Json>) => void,
): void =>
  rewrite(stack, address, argument, (policy) => {
    const statements = Array.isArray(policy.Statement) ? policy.Statement : [];
    for (const statement of statements) {
      if (typeof statement !== 'object' || statement === null || Array.isArray(statement)) continue;
      if (statement.Sid !== sid) continue;
      change(statement);
      return;
    }
    throw new Error(`The ${argument} of ${address} has no statement ${sid}.`);
  });

/** Takes the statement of that Sid out of a policy. */
export const withoutStatement = (stack: StackJson, address: string, argument: string, sid: string): void =>
  rewrite(stack, address, argument, (policy) => {
    const statements = Array.isArray(policy.Statement) ? policy.Statement : [];
    const kept = statements.filter(
      (each) => !(typeof each === 'object' && each !== null && 'Sid' in each && each.Sid === sid),
    );
    if (kept.length === statements.length)
      throw new Error(`The ${argument} of ${address} has no statement ${sid}.`);
    policy.Statement = kept;
  });

/** The expression for an attribute, which Terraform fills in. */
export const ref = (address: string, attribute: string): string => `\${${address}.${attribute}}`;

export const refersTo = (value: Json | undefined, { address }: Resource): boolean =>
  referencesIn(value).includes(address);

/** The resources of a type whose argument refers to another resource: the policies of a bucket. */
export const about = (stack: StackJson, type: string, argument: string, subject: Resource): Resource[] =>
  resources(stack, type).filter(({ body }) => refersTo(body[argument], subject));
