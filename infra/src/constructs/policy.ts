type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/**
 * One statement of an IAM policy. `Sid` is its purpose in words, `ReadIncomingObjects`, and `docs/permissions.md` shows
 * it as such. No action and no resource is `*`, but where AWS takes nothing else.
 */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Condition;
}

/** A statement of a resource's own policy, which says of whom it speaks. */
export interface ResourceStatement extends Statement {
  readonly Principal: '*' | { readonly Service: string } | { readonly AWS: string };
}

/** A policy document as the services take it. */
export const policyOf = (statements: readonly Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

export const allow = (
  Sid: string,
  Action: readonly string[],
  Resource: readonly string[],
  Condition?: Condition,
): Statement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition ? { Condition } : {}) });
