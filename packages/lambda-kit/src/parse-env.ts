import type { z } from 'zod';

/**
 * The variables that the schema names, parsed. Throws an Error of one line that names every variable that is missing or
 * wrong, and never a value, which may be a secret.
 *
 * @example
 * const env = parseEnv(z.object({ RAW_BUCKET: z.string().min(1), MAX_ROWS: z.coerce.number().int() }));
 */
export function parseEnv<Schema extends z.ZodObject>(
  schema: Schema,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): z.output<Schema> {
  const parsed = schema.safeParse(variables);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0] ?? 'together');
    const value = variables[name];
    if (value === undefined || value === '') return `${name} is missing`;
    // A schema's own message may quote what it saw.
    return message.includes(value) ? `${name} is not valid` : `${name} is not valid (${message})`;
  });
  throw new Error(`Environment: ${[...new Set(faults)].join('; ')}. Set it in the function's configuration.`);
}
