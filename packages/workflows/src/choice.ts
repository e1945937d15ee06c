import { type Dataset, MAP_READER_DELIMITERS, type WorkflowChoice } from '@sluice/record-schema';
import type { CsvDelimiter } from './asl.ts';

/** The state machines that take an object to published rows. */
export const WORKFLOWS = ['etl', 'csv-map'] as const;
export type WorkflowName = (typeof WORKFLOWS)[number];

/** Larger CSV is not read by a Distributed Map: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html */
export const csvMapMaxBytes = 10e9;

/** In the words of a Distributed Map; null if its reader does not know that delimiter. */
export const csvDelimiterOf = (delimiter: string): CsvDelimiter | null => {
  const known: Readonly<Record<string, CsvDelimiter>> = MAP_READER_DELIMITERS;
  return Object.hasOwn(known, delimiter) ? (known[delimiter] ?? null) : null;
};

/** The state machine of `csv-map` that objects of a dataset may go through; null: none of them does. */
export const csvMapOf = ({ source, workflow }: Pick<Dataset, 'source' | 'workflow'>): CsvDelimiter | null =>
  workflow === 'etl' || !source.formats.includes('csv') ? null : csvDelimiterOf(source.delimiter);

/** What of an object decides through which state machine it goes. */
export interface ObjectToTake {
  /** Bytes. */
  readonly size: number;
  /** By its key: CSV, and not gzipped. */
  readonly plainCsv: boolean;
  /** Of its dataset: one character. */
  readonly delimiter: string;
}

export type ChosenWorkflow =
  | { readonly workflow: 'etl' }
  | { readonly workflow: 'csv-map'; readonly delimiter: CsvDelimiter };

/**
 * The state machine that takes an object, if its dataset wants that one, or lets the size decide: what fits a Lambda goes
 * through `etl`. What `csv-map` cannot read goes through `etl` whatever is wanted.
 */
export const chooseWorkflow = (
  { size, plainCsv, delimiter: character }: ObjectToTake,
  wanted: WorkflowChoice,
  lambdaMaxBytes: number,
): ChosenWorkflow => {
  const delimiter = csvDelimiterOf(character);
  const isWanted = wanted === 'csv-map' || (wanted === 'by_size' && size > lambdaMaxBytes);
  return isWanted && plainCsv && size <= csvMapMaxBytes && delimiter !== null
    ? { workflow: 'csv-map', delimiter }
    : { workflow: 'etl' };
};
