import { describe, expect, test } from '@jest/globals';
import type { SparkState } from '@sluice/transform-spark/environment';
import { chooseEngine, type EngineWish, SPARK_ABOVE_BYTES } from '../src/run/choose-engine.ts';

const installed: SparkState = {
  state: 'installed',
  environment: { python: 'python', variables: {}, jars: [] },
};
const choose = (wanted: EngineWish, size: number, state: SparkState = installed) =>
  chooseEngine({ wanted, sparkState: async () => state }, size);
const large = SPARK_ABOVE_BYTES + 1;

test.each(['duckdb', 'spark'] as const)('%s is taken for any size, if it is asked for', async (wanted) => {
  for (const size of [1, large])
    expect(await choose(wanted, size)).toEqual({ engine: wanted, because: 'it was asked for' });
});

describe('without a wish', () => {
  test('DuckDB takes what is not above the limit, and Spark is not looked for', async () => {
    const sparkState = () => Promise.reject(new Error('looked for'));
    expect(await chooseEngine({ wanted: 'auto', sparkState }, SPARK_ABOVE_BYTES)).toEqual({
      engine: 'duckdb',
      because: '4.3 GB is at most 4 GiB',
    });
  });

  test('Spark takes what is above it', async () => {
    expect(await choose('auto', 5.1e9)).toEqual({ engine: 'spark', because: '5.1 GB is more than 4 GiB' });
  });

  test('DuckDB takes that, too, if Spark is not installed, and says how it would be', async () => {
    const { engine, because } = await choose('auto', large, { state: 'installable' });
    expect(engine).toBe('duckdb');
    expect(because).toMatch(/ but Spark is not installed: --engine spark installs it$/);
  });

  test('DuckDB takes it where Spark cannot run, and says what is missing', async () => {
    const state = { state: 'impossible', missing: 'no Java was found' } as const;
    const { engine, because } = await choose('auto', large, state);
    expect(engine).toBe('duckdb');
    expect(because).toMatch(/ but Spark cannot run here: no Java was found$/);
  });
});
