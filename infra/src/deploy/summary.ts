import { z } from 'zod';

const outputsSchema = z.record(z.string(), z.object({ value: z.unknown() }));

/**
 * What somebody who has just deployed wants to know: how much there is, where it is, and what to do next.
 *
 * @param resources what `terraform state list` prints
 * @param outputs what `terraform output -json` prints
 */
export const summaryOf = (environment: string, resources: string, outputs: string): string => {
  const made = resources.split('\n').filter((address) => address !== '' && !address.startsWith('data.'));
  const values = Object.entries(outputsSchema.parse(JSON.parse(outputs))).flatMap(([name, { value }]) =>
    typeof value === 'string' ? [{ name: name.replaceAll('_', ' '), value }] : [],
  );
  const width = Math.max(0, ...values.map(({ name }) => name.length));
  const raw = values.find(({ name }) => name === 'raw bucket');
  return [
    '',
    `${environment} is deployed: ${made.length} ${made.length === 1 ? 'resource' : 'resources'}.`,
    ...values.map(({ name, value }) => `  ${name.padEnd(width)}  ${value}`),
    ...(raw ? ['', `Next: sluice put FILE --dataset orders --env ${environment}`] : []),
  ].join('\n');
};
