import { differencesInStage, ENGINES, parquetColumns } from '@sluice/record-transform/conformance';
import type { GeneratedObject } from './generated-objects.ts';
import type { SparkAnswer, SparkEngine } from './spark-engine.ts';
import { type DuckdbStage, stageWithDuckdb } from './staged-by-duckdb.ts';

const context = { asOf: Date.parse('2026-06-15T10:20:30.456Z'), pseudonymKey: 'key of the tests' };

const unlike = (what: string, duckdb: unknown, spark: unknown): readonly string[] => {
  const [want, have] = [JSON.stringify(duckdb), JSON.stringify(spark)];
  return want === have ? [] : [`${what}: DuckDB has ${want}, Spark has ${have}`];
};

const unlikeColumns = (duckdb: readonly string[], spark: readonly string[]): readonly string[] =>
  duckdb.flatMap((column, at) => unlike(`Parquet, column ${at + 1} of ${spark.length}`, column, spark[at]));

/** What DuckDB and Spark left: counts, figures, lines of quarantine to the byte, the columns of Parquet. */
const differencesOfStages = async (
  { staged, marks, quarantineLines }: DuckdbStage,
  spark: SparkAnswer,
): Promise<readonly string[]> => {
  const [theirs, ours] = [staged.accepted[0]?.file, spark.files[0]];
  const lines = quarantineLines.flatMap((line, at) =>
    unlike(`quarantine, line ${at + 1}`, line, spark.quarantineLines[at]),
  );
  return [
    ...unlike('counts', staged.counts, spark.counts),
    ...unlike('duplicates', marks.duplicates, spark.figures.duplicates),
    ...unlike('figures', marks.fields, spark.figures.fields),
    ...unlike('number of quarantine lines', quarantineLines.length, spark.quarantineLines.length),
    ...lines,
    ...(theirs && ours ? unlikeColumns(await parquetColumns(theirs), await parquetColumns(ours)) : []),
  ];
};

/** One line for each way in which the three engines make something different of an object; none if they agree. */
export const compareEngines = async (
  spark: SparkEngine,
  { dataset, object, rows, definition }: GeneratedObject,
): Promise<readonly string[]> => {
  const lines = await spark.run(dataset, object, context, async (answer) => {
    const found: string[] = [];
    for (const engine of ENGINES) {
      const expected = await engine.run(dataset, { ...object, chunkSize: null }, context);
      found.push(...differencesInStage(expected, answer).map((line) => `${engine.name}: ${line}`));
    }
    if (!('refused' in answer)) {
      const stages = await stageWithDuckdb(dataset, object, context, (stage) =>
        differencesOfStages(stage, answer),
      );
      found.push(...stages);
    }
    return found;
  });
  if (lines.length === 0) return [];
  const shown = lines.slice(0, 8);
  const cited = shown.flatMap((line) => {
    const at = Number(/row (\d+)/.exec(line)?.[1] ?? 0);
    return at ? [`row ${at} is ${JSON.stringify(rows[at - 1])}`] : [];
  });
  return [...shown, ...new Set(cited), `of ${lines.length} differences`, definition];
};
