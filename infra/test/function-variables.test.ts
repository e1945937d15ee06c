import { expect, test } from '@jest/globals';
import { environment as collectMapRun } from '@sluice/collect-map-run/env';
import { environment as ingestApi } from '@sluice/ingest-api/env';
import { environment as ingestStream } from '@sluice/ingest-stream/env';
import { environment as processRows } from '@sluice/process-rows/env';
import { environment as publishRun } from '@sluice/publish-run/env';
import { environment as recordFailedRows } from '@sluice/record-failed-rows/env';
import { environment as scoreQuality } from '@sluice/score-quality/env';
import { environment as startPipeline } from '@sluice/start-pipeline/env';
import { environment as transformObject } from '@sluice/transform-object/env';
import { environment as validateObject } from '@sluice/validate-object/env';
import { App, TerraformStack } from 'cdktf';
import { Deployment } from '../src/constructs/deployment.ts';
import { LakeFunction } from '../src/constructs/lake-function.ts';
import { dev } from '../src/environments/dev.ts';
import { at, resources, stackOf } from './synthesized.ts';

const contracts = {
  'collect-map-run': collectMapRun,
  'ingest-api': ingestApi,
  'ingest-stream': ingestStream,
  'process-rows': processRows,
  'publish-run': publishRun,
  'record-failed-rows': recordFailedRows,
  'score-quality': scoreQuality,
  'start-pipeline': startPipeline,
  'transform-object': transformObject,
  'validate-object': validateObject,
};

/** What a reference to a URL will be. */
const withUrl = (value: string): string =>
  value.replace(/^\$\{\w+\.\w+\.url\}$/, 'https://sqs.example/queue');

test.each(Object.entries(contracts))(
  '%s gets the variables that it reads, and no others',
  (app, contract) => {
    const lambda = resources(stackOf(dev), 'aws_lambda_function').find(
      ({ body }) => body.function_name === `sluice-dev-${app}`,
    );
    const variables = Object.entries(at(lambda?.body, 'environment', 'variables') ?? {});
    const applied = variables.map(([name, value]) => [name, withUrl(String(value))]);
    expect(contract.strict().safeParse(Object.fromEntries(applied))).toMatchObject({ success: true });
  },
);

test('a function without a variable that its app reads, or with one that it does not, does not compile', () => {
  const stack = new TerraformStack(new App(), 'test');
  const deployment = new Deployment(stack, dev);
  const rest = {
    description: 'A function',
    size: dev.lambda.functions.publishRun,
    may: [],
    keyArn: 'arn:aws:kms:eu-central-1:000000000000:key/operations',
    network: null,
  };
  const CURATED_BUCKET = 'curated';

  // @ts-expect-error GLUE_DATABASE is missing
  new LakeFunction(stack, 'publish-run', deployment, { ...rest, variables: { CURATED_BUCKET } });
  new LakeFunction(stack, 'score-quality', deployment, {
    ...rest,
    // @ts-expect-error score-quality reads no GLUE_DATABASE
    variables: { CURATED_BUCKET, GLUE_DATABASE: 'lake' },
  });
  new LakeFunction(stack, 'transform-object', deployment, { ...rest, variables: { CURATED_BUCKET } });
  expect(stack.node.tryFindChild('transform-object')).toBeInstanceOf(LakeFunction);
});
