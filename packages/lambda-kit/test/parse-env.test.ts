import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseEnv } from '../src/index.ts';

const schema = z.object({
  RAW_BUCKET: z.string().min(3),
  MAX_ROWS: z.coerce.number().int(),
  MODE: z.enum(['fast', 'safe']).optional(),
  API_KEY: z.string().refine((key) => key.startsWith('k-'), { error: ({ input }) => `not a key: ${input}` }),
});

const good = { RAW_BUCKET: 'lake-raw', MAX_ROWS: '100', API_KEY: 'k-1' };

const messageOf = (variables: Record<string, string | undefined>): string => {
  try {
    parseEnv(schema, variables);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
  return 'accepted';
};

describe('the environment of a Lambda', () => {
  test('is parsed into the types of its schema', () => {
    expect(parseEnv(schema, { ...good, PATH: '/bin' })).toEqual({
      RAW_BUCKET: 'lake-raw',
      MAX_ROWS: 100,
      API_KEY: 'k-1',
    });
  });

  test('names a missing variable in one line', () => {
    const message = messageOf({ ...good, RAW_BUCKET: undefined });
    expect(message).toBe("Environment: RAW_BUCKET is missing. Set it in the function's configuration.");
  });

  test('takes an empty variable for a missing one', () => {
    expect(messageOf({ ...good, RAW_BUCKET: '' })).toContain('RAW_BUCKET is missing');
  });

  test('names every fault at once', () => {
    const message = messageOf({ MODE: 'reckless' });
    for (const name of ['RAW_BUCKET', 'MAX_ROWS', 'MODE', 'API_KEY']) expect(message).toContain(name);
    expect(message).not.toContain('\n');
  });

  test.each([
    ['API_KEY', 'secret-value'],
    ['RAW_BUCKET', 'qq'],
    ['MODE', 'reckless'],
    ['MAX_ROWS', 'sevenish'],
  ])('never shows the value of %s', (name, value) => {
    const message = messageOf({ ...good, [name]: value });
    expect(message).toContain(`${name} is not valid`);
    expect(message).not.toContain(value);
  });
});
