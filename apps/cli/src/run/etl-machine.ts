import { datasets } from '@sluice/datasets';
import { embeddedZones } from '@sluice/lake-storage/zones';
import { hasTable } from '@sluice/record-schema';
import { etlDefinition, type StateMachine } from '@sluice/workflows';
import { functionArn } from './task-handlers.ts';

// One machine works as fast as it can; what a Lambda or a job may take is no measure for it. An execution's own limit
// of a day stays.
export const timeoutSeconds = 24 * 60 * 60;

/** DuckDB takes objects of any size here: a number that JSON can hold. */
export const ANY_SIZE = Number.MAX_SAFE_INTEGER;

export const LOCAL_TOPIC = 'arn:aws:sns:local:000000000000:sluice';

/** The deployed state machine, with local names for what it calls; objects of more bytes go to Spark. */
export const etlMachine = (duckdbMaxBytes: number = ANY_SIZE): StateMachine =>
  etlDefinition({
    functions: {
      validateObject: { arn: functionArn('validate-object'), timeoutSeconds },
      scoreQuality: { arn: functionArn('score-quality'), timeoutSeconds },
      transformObject: { arn: functionArn('transform-object'), timeoutSeconds },
      publishRun: { arn: functionArn('publish-run'), timeoutSeconds },
    },
    crawlerPrefix: 'sluice-',
    job: {
      kind: 'glue',
      name: 'sluice-transform',
      mergeName: 'sluice-merge',
      timeoutSeconds,
      logGroup: '/aws-glue/jobs/output',
    },
    sparkDatasets: [...datasets.values()].filter(hasTable).map(({ name }) => name),
    topicArn: LOCAL_TOPIC,
    curatedBucket: embeddedZones.curated,
    // The local crawler is done when it has started.
    limits: { lambdaMaxBytes: duckdbMaxBytes, crawlerCheckSeconds: 0, crawlerMaxChecks: 1 },
  });
