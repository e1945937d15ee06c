import { readFile } from 'node:fs/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { artefacts } from '../generate/artefacts.ts';
import { exceptions } from '../generate/case-exceptions.ts';
import { duckdbCaseMappings, javaCaseMappings, nodeCaseMappings } from '../generate/case-mappings.ts';
import { LOWER_EXCEPTIONS, UPPER_EXCEPTIONS } from '../src/generated/case-exceptions.ts';

const root = new URL('../../../', import.meta.url);
// Each engine is asked about 1.1 million code points, Java from its source.
jest.setTimeout(120_000);

const java = await javaCaseMappings();

describe('the letters on whose case the engines differ', () => {
  const tables = [
    ['upper', UPPER_EXCEPTIONS],
    ['lower', LOWER_EXCEPTIONS],
  ] as const;

  test.each(tables)('Node and DuckDB agree on %s of every other code point', async (which, listed) => {
    const known = new Set(listed);
    const differing = exceptions([nodeCaseMappings(), await duckdbCaseMappings()], which);
    expect([...differing].filter((char) => !known.has(char))).toEqual([]);
  });

  test('ß and İ are among them, Σ and ASCII are not', () => {
    expect(UPPER_EXCEPTIONS).toContain('ß');
    expect(UPPER_EXCEPTIONS).toContain('ﬁ');
    expect(LOWER_EXCEPTIONS).toContain('İ');
    expect(LOWER_EXCEPTIONS).not.toContain('Σ');
    expect(UPPER_EXCEPTIONS).not.toMatch(/[\0-\x7f]/);
    expect(LOWER_EXCEPTIONS).not.toMatch(/[\0-\x7f]/);
  });

  if (!java && process.env.CI !== 'true') {
    console.warn(
      'SKIPPED: the comparison with Java. Install a Java 17 (apt-get install openjdk-17-jre-headless, ' +
        'or brew install openjdk@17) and set JAVA_HOME to it.',
    );
  }
  const testWithJava = java || process.env.CI === 'true' ? test : test.skip;
  testWithJava('the committed file is what the three engines give', async () => {
    for (const { path, make } of await artefacts()) {
      expect(await make()).toBe(await readFile(new URL(path, root), 'utf8'));
    }
  });
});
