import { z } from 'zod';
import { allow, type Statement } from './policy.ts';

/** What a definition does not say itself. */
interface WorkflowSurroundings {
  /** The names of all datasets: a run has one of them in `$.dataset`. */
  readonly datasets: readonly string[];
  /** Encrypts the topics. */
  readonly topicKeyArn: string;
  readonly region: string;
  /** The ARN of something of Glue's: `crawler/<name>`. */
  readonly glueArn: (resource: string) => string;
}

type Parameters = Readonly<Record<string, unknown>>;

interface Call {
  /** The `Sid` of its statement. */
  readonly purpose: string;
  readonly actions: readonly string[];
  /** The ARNs that the parameters name; null if they do not say. */
  readonly resources: (
    parameters: Parameters,
    surroundings: WorkflowSurroundings,
  ) => readonly string[] | null;
}

/** By what follows `arn:aws:states:::` in a Task's `Resource`. */
const calls: Readonly<Record<string, Call>> = {
  // https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html#lambda-iam
  'lambda:invoke': {
    purpose: 'InvokeSteps',
    actions: ['lambda:InvokeFunction'],
    // An ARN with a version in it is that of the version.
    resources: ({ FunctionName }) => named(FunctionName),
  },
  // https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html#sns-iam
  'sns:publish': {
    purpose: 'SendNotifications',
    actions: ['sns:Publish'],
    resources: ({ TopicArn }) => named(TopicArn),
  },
  'aws-sdk:glue:startCrawler': {
    purpose: 'StartCrawlers',
    actions: ['glue:StartCrawler'],
    resources: crawlers,
  },
  'aws-sdk:glue:getCrawler': {
    purpose: 'WatchCrawlers',
    actions: ['glue:GetCrawler'],
    resources: crawlers,
  },
  // https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html#glue-iam
  'glue:startJobRun.sync': {
    purpose: 'RunJobs',
    actions: ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'],
    resources: ({ JobName }, { glueArn }) => named(JobName)?.map((name) => glueArn(`job/${name}`)) ?? null,
  },
};

/**
 * What a state machine's role needs for the definition's own sake: the calls of its Tasks, on the resources that their
 * parameters name, and nothing else.
 *
 * @throws Error, one line with the state's name, for a call that is not known here or whose resource cannot be told
 */
export const workflowPermissions = (definition: unknown, surroundings: WorkflowSurroundings): Statement[] => {
  const resourcesOf = new Map<Call, Set<string>>();
  for (const { state, resource, parameters } of callsIn(definition)) {
    const call = calls[/^arn:[^:]+:states:::(.+)$/.exec(resource)?.[1] ?? ''];
    if (!call)
      throw new Error(`The state ${state} calls ${resource}: workflow-permissions.ts does not know it.`);
    const resources = call.resources(parameters, surroundings);
    if (!resources) {
      throw new Error(
        `The state ${state} calls ${resource}, but of what does not follow from ${JSON.stringify(parameters)}.`,
      );
    }
    const found = resourcesOf.get(call) ?? new Set();
    for (const one of resources) found.add(one);
    resourcesOf.set(call, found);
  }
  const statements = [...resourcesOf].map(([{ purpose, actions }, resources]) =>
    allow(purpose, actions, [...resources]),
  );
  return statements.some(({ Action }) => Action.includes('sns:Publish'))
    ? [...statements, encryptNotifications(surroundings)]
    : statements;
};

/** https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse */
const encryptNotifications = ({ topicKeyArn, region }: WorkflowSurroundings): Statement =>
  allow('EncryptNotifications', ['kms:GenerateDataKey', 'kms:Decrypt'], [topicKeyArn], {
    StringEquals: { 'kms:ViaService': `sns.${region}.amazonaws.com` },
  });

const named = (value: unknown): [string] | null => (typeof value === 'string' ? [value] : null);

/** A crawler is named, or made up from the run's dataset: `States.Format('<prefix>{}', $.dataset)`. */
function crawlers(parameters: Parameters, { datasets, glueArn }: WorkflowSurroundings): string[] | null {
  const computed = /^States\.Format\('([^'{}\\]*)\{\}', \$\.dataset\)$/.exec(String(parameters['Name.$']));
  const names = computed ? datasets.map((dataset) => `${computed[1]}${dataset}`) : named(parameters.Name);
  return names?.map((name) => glueArn(`crawler/${name}`)) ?? null;
}

const parameters = z.record(z.string(), z.unknown()).default({});
const caller = z.looseObject({ Resource: z.string(), Parameters: parameters });
const state = z.looseObject({ Type: z.string() });
const isDistributed = z.looseObject({ ProcessorConfig: z.looseObject({ Mode: z.literal('DISTRIBUTED') }) });
const machine = z.looseObject({ States: z.record(z.string(), state) });

interface FoundCall {
  readonly state: string;
  readonly resource: string;
  readonly parameters: Parameters;
}

/** Every call of every state, also of those inside of others: of a Map's processor, a Parallel's branches. */
const callsIn = (definition: unknown): FoundCall[] =>
  Object.entries(machine.parse(definition).States).flatMap(([name, fields]) => {
    const { Branches, Iterator: iterator, ItemProcessor, ItemReader, ResultWriter } = fields;
    const inside = [...(Array.isArray(Branches) ? Branches : []), iterator, ItemProcessor];
    // Each of its children is an execution, which the role would have to start.
    const distributed = isDistributed.safeParse(ItemProcessor).success
      ? [{ Resource: 'a DISTRIBUTED Map' }]
      : [];
    const callers = [...(fields.Type === 'Task' ? [fields] : []), ...distributed, ItemReader, ResultWriter];
    return [
      ...callers
        .filter((one) => one !== undefined)
        .map((one) => caller.parse(one))
        .map(({ Resource, Parameters }) => ({ state: name, resource: Resource, parameters: Parameters })),
      ...inside.filter((one) => one !== undefined).flatMap(callsIn),
    ];
  });
