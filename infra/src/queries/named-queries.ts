import { readdirSync, readFileSync } from 'node:fs';
import { assumptions, dpusOf, endings, prices, publishedBySpark, workload } from '@sluice/workflows/plan';
import type { Environment } from '../environments/environment.ts';

export interface NamedQuery {
  /** `run-manifests` of `run-manifests.sql`. */
  readonly name: string;
  /** The comment that the file begins with. */
  readonly description: string;
  /** Of Athena's engine 3, which is Trino. */
  readonly sql: string;
}

const folder = new URL('./', import.meta.url);

/** The queries of this folder, about the `runs` table of a database, in the order of their names. */
export const namedQueries = (database: string, environment: Environment): NamedQuery[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.sql'.length);
      const text = readFileSync(new URL(file, folder), 'utf8').trimEnd();
      return {
        name,
        description: descriptionOf(text),
        sql: fillIn(name, text, { database, ...costsOf(environment) }),
      };
    });

const descriptionOf = (sql: string): string => {
  const lines = sql.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('-- '));
  return lines
    .slice(0, end)
    .map((line) => line.slice('-- '.length))
    .join(' ');
};

/** Puts in a name for each `{{…}}` that has a text, and a number for each that has a number; none may be unknown. */
const fillIn = (name: string, sql: string, values: Readonly<Record<string, string | number>>): string => {
  // To Terraform it would be an expression.
  if (/[$%]\{/.test(sql)) throw new Error(`The query ${name} has in it what Terraform would fill in.`);
  return sql.replaceAll(/\{\{(.*?)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined)
      throw new Error(`The query ${name} has in it {{${key}}}, which nothing stands for.`);
    return typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : literalOf(value);
  });
};

/** With an exponent a number is a double; without it Trino takes a fraction for a decimal, whose digits run out. */
const literalOf = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toExponential().replace('e', 'E');

const costsOf = ({ lambda, spark }: Environment): Record<string, number> => {
  const gbOf = (name: keyof typeof lambda.functions): number => lambda.functions[name].memoryMb / 1024;
  const readers: readonly string[] = workload.readers;
  const dpus = dpusOf(spark);
  // The driver's worker does no work of its own.
  const bytesPerSecond =
    dpusOf({ ...spark, workers: spark.workers - 1 }) * assumptions.sparkBytesPerDpuSecond;
  return {
    dpu_seconds_spark: dpus * assumptions.sparkStartSeconds,
    dpu_seconds_per_byte_spark: dpus / bytesPerSecond,
    usd_per_dpu_hour: prices.perJobDpuHour,
    ...Object.fromEntries(
      Object.entries({ ...endings, spark: publishedBySpark }).flatMap(([ending, { functions, states }]) => [
        [`transitions_${ending}`, states.length + 1],
        [`invocations_${ending}`, functions.length],
        [
          `gb_seconds_${ending}`,
          functions.reduce((sum, name) => sum + gbOf(name) * workload.secondsPerInvocation, 0),
        ],
        [
          `gb_seconds_per_byte_${ending}`,
          functions.filter((name) => readers.includes(name)).length * workload.gbSecondsPerByte,
        ],
      ]),
    ),
    usd_per_transition: prices.perTransition,
    usd_per_invocation: prices.perInvocation,
    usd_per_gb_second: prices.perGbSecond[lambda.architecture],
    usd_per_s3_write: prices.perS3Write,
    usd_per_s3_read: prices.perS3Read,
    s3_writes: workload.s3Writes,
    s3_reads: workload.s3Reads,
  };
};
