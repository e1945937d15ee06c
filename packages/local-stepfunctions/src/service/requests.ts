import { z } from 'zod';
import { PAYLOAD_LIMIT } from '../payload.ts';
import { checkName, checkRoleArn, checkStatesArn } from './arns.ts';
import { ServiceError } from './service-error.ts';

// The members that the service looks at. Others are ignored, as clients of later versions may send them.

/** Throws ValidationException, in AWS's words, for the first member that does not fit. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(withoutNulls(body));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const member = issue?.path.join('.') ?? '';
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${issue?.message}`,
  );
}

/** In AWS's protocol null means absent. */
function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function checkJson(text: string): string {
  if (Buffer.byteLength(text) > PAYLOAD_LIMIT) {
    throw new ServiceError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: larger than ${PAYLOAD_LIMIT} bytes`,
    );
  }
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`);
  }
}

const name = z.string().transform(checkName);
const roleArn = z.string().transform(checkRoleArn);
const stateMachineArn = z.string().transform((arn) => checkStatesArn(arn, 'stateMachine'));
const executionArn = z.string().transform((arn) => checkStatesArn(arn, 'execution'));
/** Express executions too: those that a Map Run started are described. */
const anyExecutionArn = z.string().min(1);
const mapRunArn = z.string().transform((arn) => checkStatesArn(arn, 'mapRun'));
const definition = z.string().min(1).max(1_048_576);
const executionInput = z.string().transform(checkJson).default('{}');
const type = z.enum(['STANDARD', 'EXPRESS']).default('STANDARD');
const includedData = z.enum(['ALL_DATA', 'METADATA_ONLY']).default('ALL_DATA');
const error = z.string().max(256).optional();
const cause = z.string().max(32_768).optional();
const taskToken = z.string().min(1).max(2_048);

export const TAG_LIMIT = 50;
const tags = z
  .array(z.object({ key: z.string().min(1).max(128), value: z.string().max(256).default('') }))
  .default([]);

const pageFields = {
  /** 0 means the default (100), as documented. */
  maxResults: z.int().min(0).max(1_000).default(0),
  nextToken: z.string().min(1).max(1_024).optional(),
};

const configurations = {
  loggingConfiguration: z.json().optional(),
  tracingConfiguration: z.json().optional(),
  encryptionConfiguration: z.json().optional(),
};
const versions = { publish: z.boolean().default(false), versionDescription: z.string().max(256).optional() };

export const createStateMachine = z.object({
  name,
  definition,
  roleArn,
  type,
  tags,
  ...configurations,
  ...versions,
});

export const updateStateMachine = z.object({
  stateMachineArn,
  definition: definition.optional(),
  roleArn: roleArn.optional(),
  ...configurations,
  ...versions,
});

export const ofStateMachine = z.object({ stateMachineArn });
const ofExecution = z.object({ executionArn });
export const describeStateMachine = ofStateMachine.extend({ includedData });
export const describeExecution = z.object({ executionArn: anyExecutionArn, includedData });
export const describeStateMachineForExecution = ofExecution.extend({ includedData });
export const listStateMachines = z.object(pageFields);

const executionName = name.optional();
export const startExecution = z.object({ stateMachineArn, name: executionName, input: executionInput });
export const startSyncExecution = startExecution.extend({ includedData });

export const getExecutionHistory = ofExecution.extend({
  reverseOrder: z.boolean().default(false),
  includeExecutionData: z.boolean().default(true),
  ...pageFields,
});

export const listExecutions = z.object({
  stateMachineArn: stateMachineArn.optional(),
  mapRunArn: mapRunArn.optional(),
  statusFilter: z
    .enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'])
    .optional(),
  redriveFilter: z.enum(['REDRIVEN', 'NOT_REDRIVEN']).optional(),
  ...pageFields,
});

export const describeMapRun = z.object({ mapRunArn });
export const listMapRuns = ofExecution.extend(pageFields);
export const updateMapRun = describeMapRun.extend({
  maxConcurrency: z.int().min(0).optional(),
  toleratedFailureCount: z.int().min(0).optional(),
  toleratedFailurePercentage: z.number().min(0).max(100).optional(),
});

export const redriveExecution = ofExecution.extend({
  clientToken: z
    .string()
    .max(64)
    .regex(/^[!-~]+$/)
    .optional(),
});
export const stopExecution = ofExecution.extend({ error, cause });

export const sendTaskSuccess = z.object({ taskToken, output: z.string() });
export const sendTaskFailure = z.object({ taskToken, error, cause });
export const sendTaskHeartbeat = z.object({ taskToken });

export const validateStateMachineDefinition = z.object({
  definition,
  type,
  /** 0 means the default (100), as documented. */
  maxResults: z.int().min(0).max(100).default(0),
});

export const testState = z.object({
  definition,
  input: executionInput,
  inspectionLevel: z.enum(['INFO', 'DEBUG', 'TRACE']).default('INFO'),
  variables: z.string().optional(),
  stateName: z.string().min(1).max(80).optional(),
  context: z.string().optional(),
  mock: z
    .object({
      result: z.string().optional(),
      errorOutput: z.object({ error: z.string(), cause: z.string().optional() }).optional(),
    })
    .optional(),
  stateConfiguration: z.object({ retrierRetryCount: z.int().min(0).default(0) }).optional(),
});

export const tagResource = z.object({ resourceArn: stateMachineArn, tags });
export const untagResource = z.object({ resourceArn: stateMachineArn, tagKeys: z.array(z.string()) });
export const listTagsForResource = z.object({ resourceArn: stateMachineArn });
