import { embeddedZones } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
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
export const csvDelimiterOf = ({ name, source }: Dataset): CsvDelimiter => {
  const delimiter = mapReaderDelimiterOf(source.delimiter);
  if (delimiter !== null && source.formats.includes('csv')) return delimiter;
  throw new CliError(`csv-map cannot read objects of ${name}; run it without --workflow`);
};

/** The deployed state machine for CSV with that delimiter, with local names for what it calls. */
export const csvMapMachine = (delimiter: CsvDelimiter): StateMachine =>
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
      maxItemsPerBatch: 500,
      maxInputBytesPerBatch: largestBatchBytes,
      // Judging rows is work of one thread; a few batches at a time keep the disk busy meanwhile.
      maxConcurrency: 8,
      toleratedFailurePercentage: 0,
    },
  });
