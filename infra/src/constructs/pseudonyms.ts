import type { Dataset } from '@sluice/record-schema';

/**
 * Throws one line if a dataset uses `pseudonym`: its key is a secret, which neither a function's variables nor
 * Terraform's state may hold, and transform-object has no other way to it yet.
 */
export const refusePseudonyms = (datasets: Iterable<Dataset>): void => {
  const users = [...datasets].filter(mentions).map(({ name }) => name);
  if (users.length === 0) return;
  throw new Error(
    `The dataset ${users.join(', ')} uses pseudonym, whose key cannot be deployed yet: use maskEmail, or leave the field out.`,
  );
};

const mentions = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return ('op' in value && value.op === 'pseudonym') || Object.values(value).some(mentions);
};
