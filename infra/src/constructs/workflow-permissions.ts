import { z } from 'zod';
import type { Folder, LakeFolders } from './folder-access.ts';
import { allow, type Statement } from './policy.ts';

/** What a definition does not say itself. */
interface WorkflowSurroundings {
  /** What the state machine is called on AWS. */
  readonly name: string;
  /** The names of all datasets: a run has one of them in `$.dataset`. */
  readonly datasets: readonly string[];
  /** Encrypts the topics. */
  readonly topicKeyArn: string;
  readonly region: string;
  /** The ARN of something of Glue's: `crawler/<name>`. */
  readonly glueArn: (resource: string) => string;
  /** The ARN of an application of EMR Serverless, by its id. */
  readonly emrServerlessArn: (applicationId: string) => string;
  /** The ARN of a rule of EventBridge. */
  readonly ruleArn: (name: string) => string;
  /** The ARN of something of Step Functions': `stateMachine:<name>`. */
  readonly statesArn: (resource: string) => string;
  readonly folders: Pick<LakeFolders, 'objectsIn' | 'decrypt' | 'encrypt'>;
  readonly curatedBucket: string;
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

const startSparkApplication = 'emr-serverless:startJobRun.sync';

/** By what follows `arn:aws:states:::` in the `Resource` of a Task, an ItemReader or a ResultWriter. */
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
  // https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html
  [startSparkApplication]: {
    purpose: 'StartJobs',
    actions: ['emr-serverless:StartJobRun'],
    resources: ({ ApplicationId }, { emrServerlessArn }) =>
      named(ApplicationId)?.map(emrServerlessArn) ?? null,
  },
  // https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  's3:getObject': {
    purpose: 'ReadItems',
    actions: ['s3:GetObject', 's3:GetObjectVersion'],
    resources: (parameters, { folders }) => (isOfRun(parameters) ? [folders.objectsIn('incoming')] : null),
  },
  's3:putObject': {
    purpose: 'WriteResults',
    actions: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
    resources: (parameters, surroundings) =>
      isMapResults(parameters, surroundings) ? [surroundings.folders.objectsIn('map-results')] : null,
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
  const may = (action: string): boolean => statements.some(({ Action }) => Action.includes(action));
  const { folders } = surroundings;
  const written: Folder[] = may('s3:PutObject') ? ['map-results'] : [];
  const read: Folder[] = may('s3:GetObjectVersion') ? ['incoming', ...written] : written;
  return [
    ...statements,
    ...mapRuns(definition, surroundings),
    ...sparkRuns(definition, surroundings),
    ...(read.length > 0 ? [folders.decrypt(read)] : []),
    ...(written.length > 0 ? [folders.encrypt(written)] : []),
    ...(may('sns:Publish') ? [encryptNotifications(surroundings)] : []),
  ];
};

/**
 * The labels of the Distributed Maps in a definition. They are part of the ARNs of their runs and children.
 *
 * @throws Error, one line with the state's name, if there is none: Step Functions would make one up
 */
export const mapLabelsIn = (definition: unknown): string[] =>
  statesIn(definition).flatMap(([state, fields]) => {
    if (!isDistributed.safeParse(fields.ItemProcessor).success) return [];
    if (typeof fields.Label === 'string') return [fields.Label];
    throw new Error(`The state ${state} is a DISTRIBUTED Map without a Label, which its permissions need.`);
  });

/**
 * Each child of a Distributed Map is an execution, which the role starts, follows, stops, and redrives if its parent is.
 * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
const mapRuns = (definition: unknown, { name, statesArn }: WorkflowSurroundings): Statement[] => {
  const labels = mapLabelsIn(definition);
  if (labels.length === 0) return [];
  const children = labels.map((label) => statesArn(`execution:${name}/${label}:*`));
  return [
    allow('StartBatches', ['states:StartExecution'], [statesArn(`stateMachine:${name}`)]),
    allow(
      'FollowBatches',
      ['states:DescribeExecution', 'states:StopExecution'],
      [statesArn(`execution:${name}:*`), ...children],
    ),
    allow(
      'RedriveBatches',
      ['states:RedriveExecution'],
      [...children, ...labels.map((label) => statesArn(`mapRun:${name}/${label}:*`))],
    ),
  ];
};

/**
 * What starts runs on EMR Serverless hands them their role, follows and stops them, and is told of their ends by a rule that
 * Step Functions makes itself.
 */
const sparkRuns = (definition: unknown, { emrServerlessArn, ruleArn }: WorkflowSurroundings): Statement[] => {
  const starts = callsIn(definition).filter(({ resource }) => resource.endsWith(`:${startSparkApplication}`));
  if (starts.length === 0) return [];
  const texts = (name: string): string[] => [
    ...new Set(starts.map(({ parameters }) => String(parameters[name]))),
  ];
  return [
    allow(
      'FollowJobs',
      ['emr-serverless:GetJobRun', 'emr-serverless:CancelJobRun'],
      texts('ApplicationId').map((id) => `${emrServerlessArn(id)}/jobruns/*`),
    ),
    allow('HandOverRole', ['iam:PassRole'], texts('ExecutionRoleArn'), {
      StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' },
    }),
    allow(
      'HearOfJobs',
      ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      [ruleArn('StepFunctionsGetEventsForEMRServerlessJobRule')],
    ),
  ];
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

/** Whether an object that is read is the one that the run is about, which lies in `incoming/`. */
const isOfRun = (parameters: Parameters): boolean =>
  /^\$\.(source\.)?object\.bucket$/.test(String(parameters['Bucket.$'])) &&
  /^\$\.(source\.)?object\.key$/.test(String(parameters['Key.$']));

const isMapResults = (parameters: Parameters, { curatedBucket }: WorkflowSurroundings): boolean =>
  parameters.Bucket === curatedBucket &&
  parameters['Prefix.$'] === "States.Format('map-results/{}', $.runId)";

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

type Fields = z.output<typeof state>;

/** Every state, also those inside of others: of a Map's processor, a Parallel's branches. */
const statesIn = (definition: unknown): [name: string, fields: Fields][] =>
  Object.entries(machine.parse(definition).States).flatMap(([name, fields]) => {
    const { Branches, Iterator: iterator, ItemProcessor } = fields;
    const inside = [...(Array.isArray(Branches) ? Branches : []), iterator, ItemProcessor];
    return [[name, fields], ...inside.filter((one) => one !== undefined).flatMap(statesIn)];
  });

/** Every call of every state. */
const callsIn = (definition: unknown): FoundCall[] =>
  statesIn(definition).flatMap(([name, fields]) =>
    [fields.Type === 'Task' ? fields : undefined, fields.ItemReader, fields.ResultWriter]
      .filter((one) => one !== undefined)
      .map((one) => caller.parse(one))
      .map(({ Resource, Parameters }) => ({ state: name, resource: Resource, parameters: Parameters })),
  );
