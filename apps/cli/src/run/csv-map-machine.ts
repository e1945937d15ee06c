import { embeddedZones } from '@sluice/lake-storage/zones';
import { type Dataset, hasTable } from '@sluice/record-schema';
import {
  type CsvDelimiter,
  csvMapDefinition,
  largestBatchBytes,
  csvDelimiterOf as mapReaderDelimiterOf,
  type StateMachine,
} from '@sluice/workflows';
import { CliError } from '../cli-error.ts';
import { LOCAL_TOPIC, timeoutSeconds } from './etl-machine.ts';
import { functionArn } from './task-handlers.ts';

/** @throws {CliError} if Step Functions cannot read the dataset's CSV, or it has none */
export const csvDelimiterOf = (dataset: Dataset): CsvDelimiter => {
  const { name, source } = dataset;
  if (hasTable(dataset))
    throw new CliError(`${name} is a Delta table, which csv-map cannot write; run it without --workflow`);
  const delimiter = mapReaderDelimiterOf(source.delimiter);
  if (delimiter !== null && source.formats.includes('csv')) return delimiter;
  throw new CliError(`csv-map cannot read objects of ${name}; run it without --workflow`);
};

/** Judge batches at the same time, at most: more of them would wait for the one thread that reads. */
export const MOST_THREADS = 8;

/** A few thousand batches for a million rows: fewer parts to put, and enough of them to share among the processors. */
export const DEFAULT_BATCH_ROWS = 500;

/** The deployed state machine for CSV with that delimiter, with local names for what it calls. */
export const csvMapMachine = (
  delimiter: CsvDelimiter,
  maxItemsPerBatch: number = DEFAULT_BATCH_ROWS,
): StateMachine =>
  csvMapDefinition({
    functions: {
      validateObject: { arn: functionArn('validate-object'), timeoutSeconds },
      processRows: { arn: functionArn('process-rows'), timeoutSeconds },
      recordFailedRows: { arn: functionArn('record-failed-rows'), timeoutSeconds },
      collectMapRun: { arn: functionArn('collect-map-run'), timeoutSeconds },
      publishRun: { arn: functionArn('publish-run'), timeoutSeconds },
    },
    topicArn: LOCAL_TOPIC,
    curatedBucket: embeddedZones.curated,
    delimiter,
    map: {
      executionType: 'STANDARD',
      maxItemsPerBatch,
      maxInputBytesPerBatch: largestBatchBytes,
      // Each of the threads that judge has one in hand, and a next one.
      maxConcurrency: 2 * MOST_THREADS,
      toleratedFailurePercentage: 0,
    },
  });
