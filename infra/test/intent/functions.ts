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
import type { ZodObject } from 'zod';
import type { Environment, FunctionSize } from '../../src/environments/environment.ts';
import {
  at,
  type Body,
  blocks,
  type Resource,
  referencesIn,
  resources,
  type StackJson,
} from '../../src/stack-json.ts';
import { bodyOf, type Rule, remove } from './rule.ts';

interface App {
  /** What its code reads from the process's environment. */
  readonly contract: ZodObject;
  readonly sizeIn: (functions: Environment['lambda']['functions']) => FunctionSize;
}

/** By the folder in `apps/`. */
const apps: ReadonlyMap<string, App> = new Map([
  ['collect-map-run', { contract: collectMapRun, sizeIn: (functions) => functions.collectMapRun }],
  ['ingest-api', { contract: ingestApi, sizeIn: (functions) => functions.ingestApi }],
  ['ingest-stream', { contract: ingestStream, sizeIn: (functions) => functions.ingestStream }],
  ['process-rows', { contract: processRows, sizeIn: (functions) => functions.processRows }],
  ['publish-run', { contract: publishRun, sizeIn: (functions) => functions.publishRun }],
  ['record-failed-rows', { contract: recordFailedRows, sizeIn: (functions) => functions.recordFailedRows }],
  ['score-quality', { contract: scoreQuality, sizeIn: (functions) => functions.scoreQuality }],
  ['start-pipeline', { contract: startPipeline, sizeIn: (functions) => functions.startPipeline }],
  ['transform-object', { contract: transformObject, sizeIn: (functions) => functions.transformObject }],
  ['validate-object', { contract: validateObject, sizeIn: (functions) => functions.validateObject }],
] satisfies [string, App][]);

/** What is wrong with each function. */
const everyFunction =
  (
    faults: (body: Body, environment: Environment, stack: StackJson) => readonly string[],
  ): Rule['violations'] =>
  (stack, environment) =>
    resources(stack, 'aws_lambda_function').flatMap(({ address, body }) =>
      faults(body, environment, stack).map((fault) => `${address} ${fault}`),
    );

/** The app that a function is, by its name. */
const nameOfApp = ({ function_name }: Body, { namePrefix }: Environment): string =>
  String(function_name).replace(`${namePrefix}-`, '');

/** What a contract says of variables; of a value that only Terraform knows, that it is there. */
const contractFaults = (contract: ZodObject, variables: Body): string[] => {
  const missing = contract
    .safeParse({})
    .error?.issues.map(({ path }) => String(path[0]))
    .filter((name) => variables[name] === undefined);
  const known = Object.entries(contract.shape);
  const unknown = Object.keys(variables).filter((name) => !known.some(([each]) => each === name));
  const wrong = known.flatMap(([name, schema]) => {
    const value = variables[name];
    if (value === undefined || referencesIn(value).length > 0) return [];
    return schema.safeParse(value).success
      ? []
      : [`has ${name} = ${JSON.stringify(value)}, which its code refuses`];
  });
  return [
    ...(missing ?? []).map((name) => `lacks ${name}`),
    ...unknown.map((name) => `has ${name}, which its code does not read`),
    ...wrong,
  ];
};

const variablesOf = (body: Body): Body => {
  const variables = at(body, 'environment', 'variables');
  return typeof variables === 'object' && variables !== null && !Array.isArray(variables) ? variables : {};
};

const validate = 'aws_lambda_function.functions_validate_object_function';
const start = 'aws_lambda_function.intake_start_pipeline_function';

export const functionRules: readonly Rule[] = [
  {
    intent: 'every app is deployed, once',
    violations: (stack, environment) => {
      const deployed = resources(stack, 'aws_lambda_function').map(({ body }) =>
        nameOfApp(body, environment),
      );
      return [
        ...[...apps.keys()]
          .filter((app) => deployed.filter((each) => each === app).length !== 1)
          .map((app) => `${app} has not one function`),
        ...deployed.filter((app) => !apps.has(app)).map((app) => `${app} is a function, but no app`),
      ];
    },
    broken: [
      {
        how: 'a function is missing',
        change: (stack) => remove(stack, validate),
        says: ['validate-object has not one function'],
      },
    ],
  },
  {
    intent: "every function's variables are what its app's ./env asks for",
    violations: everyFunction((body, environment) => {
      const app = apps.get(nameOfApp(body, environment));
      return app ? contractFaults(app.contract, variablesOf(body)) : [];
    }),
    broken: [
      {
        how: 'a variable is missing',
        change: (stack) => {
          delete variablesOf(bodyOf(stack, 'aws_lambda_function.functions_publish_run_function'))
            .GLUE_DATABASE;
        },
        says: ['aws_lambda_function.functions_publish_run_function lacks GLUE_DATABASE'],
      },
      {
        how: 'a variable has another name',
        change: (stack) => {
          variablesOf(bodyOf(stack, validate)).MAX_BYTES = '1';
        },
        says: [`${validate} has MAX_BYTES, which its code does not read`],
      },
      {
        how: 'a value is none that the code takes',
        change: (stack) => {
          variablesOf(bodyOf(stack, start)).LAMBDA_MAX_BYTES = '1 GB';
        },
        says: [`${start} has LAMBDA_MAX_BYTES = "1 GB", which its code refuses`],
      },
    ],
  },
  {
    intent: 'every function is as large, as patient and as many as its environment says',
    violations: everyFunction((body, environment) => {
      const size = apps.get(nameOfApp(body, environment))?.sizeIn(environment.lambda.functions);
      if (!size) return [];
      const expected: [argument: string, wanted: unknown, found: unknown][] = [
        ['memory_size', size.memoryMb, body.memory_size],
        ['timeout', size.timeoutSeconds, body.timeout],
        ['ephemeral_storage', size.ephemeralMb, at(body, 'ephemeral_storage', 'size')],
        [
          'reserved_concurrent_executions',
          size.reservedConcurrency ?? undefined,
          body.reserved_concurrent_executions,
        ],
        ['architectures', environment.lambda.architecture, blocks(body.architectures).join()],
      ];
      return expected
        .filter(([, wanted, found]) => wanted !== found)
        .map(([argument, wanted, found]) => `has ${argument} ${found} instead of ${wanted}`);
    }),
    broken: [
      {
        how: 'it gets less memory',
        change: (stack) => {
          bodyOf(stack, validate).memory_size = 128;
        },
        says: [`${validate} has memory_size 128 instead of 512`],
      },
      {
        how: 'nothing is reserved for it in prod',
        of: 'prod',
        change: (stack) => {
          delete bodyOf(stack, validate).reserved_concurrent_executions;
        },
        says: [`${validate} has reserved_concurrent_executions undefined instead of 25`],
      },
      {
        how: 'it runs on another processor than its DuckDB was built for',
        change: (stack) => {
          bodyOf(stack, validate).architectures = ['x86_64'];
        },
        says: [`${validate} has architectures x86_64 instead of arm64`],
      },
    ],
  },
  {
    intent: 'every function runs on the Node.js that it is bundled for',
    violations: everyFunction(({ runtime }) =>
      runtime === 'nodejs22.x' ? [] : [`has the runtime ${runtime}`],
    ),
    broken: [
      {
        how: 'an older runtime',
        change: (stack) => {
          bodyOf(stack, validate).runtime = 'nodejs18.x';
        },
        says: [`${validate} has the runtime nodejs18.x`],
      },
    ],
  },
  {
    intent: 'every function is traced',
    violations: everyFunction((body) =>
      at(body, 'tracing_config', 'mode') === 'Active' ? [] : ['is not traced'],
    ),
    broken: [
      {
        how: 'tracing is left to the caller',
        change: (stack) => {
          bodyOf(stack, validate).tracing_config = { mode: 'PassThrough' };
        },
        says: [`${validate} is not traced`],
      },
    ],
  },
  {
    intent: "every function's variables are encrypted with a key of the stack",
    violations: everyFunction(({ kms_key_arn }) =>
      referencesIn(kms_key_arn).some((address) => address.startsWith('aws_kms_key.'))
        ? []
        : ['has variables under a key of AWS'],
    ),
    broken: [
      {
        how: 'no key is named',
        change: (stack) => {
          delete bodyOf(stack, validate).kms_key_arn;
        },
        says: [`${validate} has variables under a key of AWS`],
      },
    ],
  },
  {
    intent: 'every function writes JSON to a log group of its own, which is there before it',
    violations: everyFunction(({ function_name, logging_config }, _environment, stack) => {
      const group = at(logging_config, 'log_group');
      const [own] = referencesIn(group).map((address) =>
        resources(stack, 'aws_cloudwatch_log_group').find((each: Resource) => each.address === address),
      );
      if (own?.body.name !== `/aws/lambda/${function_name}`) return ['has no log group of its own'];
      return at(logging_config, 'log_format') === 'JSON' ? [] : ['logs no JSON'];
    }),
    broken: [
      {
        how: 'Lambda would make the group, unencrypted and for ever',
        change: (stack) => {
          delete bodyOf(stack, validate).logging_config;
        },
        says: [`${validate} has no log group of its own`],
      },
      {
        how: 'lines are no JSON',
        change: (stack) => {
          Object.assign(blocks(bodyOf(stack, validate).logging_config)[0] ?? {}, { log_format: 'Text' });
        },
        says: [`${validate} logs no JSON`],
      },
    ],
  },
];
