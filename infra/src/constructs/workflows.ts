import { datasets } from '@sluice/datasets';
import {
  type CsvDelimiter,
  csvMapDefinition,
  csvMapOf,
  etlDefinition,
  type SparkJob,
} from '@sluice/workflows';
import { csvMapNames } from '@sluice/workflows/deployed';
import type { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import type { Functions } from './functions.ts';
import type { WatchedWorkflow } from './metrics.ts';
import { StateMachine, type StateMachineSurroundings } from './state-machine.ts';

interface WorkflowProps extends StateMachineSurroundings {
  readonly functions: Functions;
  /** The topic that hears of every run's end. */
  readonly runsTopicArn: string;
}

interface EtlProps extends WorkflowProps {
  /** A dataset's crawler is called `<prefix><dataset>`. */
  readonly crawlerPrefix: string;
  /** What runs Spark. */
  readonly job: SparkJob;
}

/** The state machine `<prefix>-etl`. */
export class EtlWorkflow extends StateMachine {
  readonly watched: WatchedWorkflow;

  constructor(scope: Construct, id: string, deployment: Deployment, props: EtlProps) {
    const { discovery, transform } = deployment.environment;
    super(scope, id, deployment, {
      ...props,
      name: 'etl',
      description: 'Takes one raw object to the curated zone, or to quarantine',
      definition: etlDefinition({
        functions: props.functions,
        crawlerPrefix: props.crawlerPrefix,
        job: props.job,
        // Spark alone writes Delta tables.
        sparkDatasets: [...datasets.values()]
          .filter(({ target }) => target.format === 'delta')
          .map(({ name }) => name),
        topicArn: props.runsTopicArn,
        curatedBucket: props.curatedBucket,
        limits: {
          lambdaMaxBytes: transform.lambdaMaxBytes,
          crawlerCheckSeconds: discovery.checkSeconds,
          crawlerMaxChecks: discovery.maxChecks,
        },
      }),
    });
    const { arn, logGroupName } = this;
    this.watched = { id: 'etl', arn, logGroupName, toleratedFailurePercentage: null };
  }
}

/** The state machine `<prefix>-csv-map-<delimiter>`, for CSV with one delimiter. */
export class CsvMapWorkflow extends StateMachine {
  readonly delimiter: CsvDelimiter;
  readonly watched: WatchedWorkflow;

  constructor(
    scope: Construct,
    delimiter: CsvDelimiter,
    deployment: Deployment,
    { functions, runsTopicArn, ...props }: WorkflowProps,
  ) {
    const { map } = deployment.environment;
    const name = csvMapNames[delimiter];
    super(scope, name, deployment, {
      ...props,
      name,
      description: 'Takes one large raw CSV object to the curated zone in batches of rows, or to quarantine',
      definition: csvMapDefinition({
        functions,
        topicArn: runsTopicArn,
        curatedBucket: props.curatedBucket,
        delimiter,
        map,
      }),
    });
    const { arn, logGroupName } = this;
    const { toleratedFailurePercentage } = map;
    this.delimiter = delimiter;
    this.watched = { id: name, arn, logGroupName, toleratedFailurePercentage };
  }
}

/** The delimiters that csv-map needs a state machine for, each. */
export const csvMapDelimiters = (): readonly CsvDelimiter[] =>
  [...new Set([...datasets.values()].map(csvMapOf))].filter((one) => one !== null).sort();
