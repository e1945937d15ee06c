import { type PolicyStatement, type Resource, resources, type StackJson } from '../stack-json.ts';

// What a policy says, in the words of `docs/permissions.md`. Whatever has no words here throws, so that nothing appears on
// the page that its readers would have to decode, and nothing is left out.

/** Something that a policy speaks of: `{ kind: 'queue', name: 'arrivals' }`. */
interface Thing {
  /** In the singular. Objects are of a bucket, and their name is a folder or `*`. */
  readonly kind: string;
  readonly name: string;
  readonly bucket?: string;
}

const consumerKind = "stream's consumer";

const kinds: Readonly<Record<string, string>> = {
  aws_cloudwatch_log_group: 'log group',
  aws_dynamodb_table: 'DynamoDB table',
  aws_glue_catalog_database: 'database',
  aws_glue_catalog_table: 'table',
  aws_iam_role: 'role',
  aws_kinesis_stream: 'stream',
  aws_kinesis_stream_consumer: consumerKind,
  aws_kms_key: 'key',
  aws_lambda_function: 'function',
  aws_s3_bucket: 'bucket',
  aws_sfn_state_machine: 'state machine',
  aws_sns_topic: 'topic',
  aws_sqs_queue: 'queue',
};

/** ARNs that are written out, by what follows the account. */
const arns: readonly (readonly [pattern: RegExp, thing: (name: string) => Thing])[] = [
  [/^catalog$/, () => ({ kind: 'Glue catalogue', name: '' })],
  [/^database\/(.+)$/, (name) => ({ kind: 'database', name })],
  [/^table\/(.+)\/\*$/, (name) => ({ kind: 'table', name: `${name}.*` })],
  [/^table\/(\*)$/, () => ({ kind: 'table', name: '*' })],
  [/^table\/([^/]+)$/, (name) => ({ kind: 'DynamoDB table', name })],
  [/^crawler\/(.+)$/, (name) => ({ kind: 'crawler', name })],
  [/^job\/(.+)$/, (name) => ({ kind: 'job', name })],
  [/^function:(.+)$/, (name) => ({ kind: 'function', name })],
  // Its Map's children are executions of `<name>/<label>`.
  [/^stateMachine:([^/]+)(?:\/.+)?$/, (name) => ({ kind: 'state machine', name })],
  [/^execution:([^/:]+)(?::\*)?$/, (name) => ({ kind: 'runs', name })],
  [/^execution:([^/]+)\/.+:\*$/, (name) => ({ kind: 'batches', name })],
  [/^mapRun:([^/]+)\/.+:\*$/, (name) => ({ kind: 'Map Runs', name })],
  [/^queue:(.+)$/, (name) => ({ kind: 'queue', name })],
  [/^stream\/(.+)$/, (name) => ({ kind: 'stream', name })],
  [/^trail\/(.+)$/, (name) => ({ kind: 'trail', name })],
  [/^role\/(.+)$/, (name) => ({ kind: 'role', name })],
  [/^rule\/(.+)$/, (name) => ({ kind: 'rule', name })],
  [/^\/applications\/([^/]+)$/, (name) => ({ kind: 'Spark application', name })],
  [/^\/applications\/([^/]+)\/jobruns\/\*$/, (name) => ({ kind: 'job runs', name })],
  [/^\*$/, () => ({ kind: 'log group', name: '*' })],
];

/** What state machines and applications have many of. */
const ofMany = ['runs', 'batches', 'Map Runs', 'job runs'];

const services: Readonly<Record<string, string>> = {
  'apigateway.amazonaws.com': 'API Gateway',
  'budgets.amazonaws.com': 'AWS Budgets',
  'cloudtrail.amazonaws.com': 'CloudTrail',
  'cloudwatch.amazonaws.com': 'CloudWatch',
  'delivery.logs.amazonaws.com': "CloudWatch's delivery of logs",
  'emr-serverless.amazonaws.com': 'EMR Serverless',
  'events.amazonaws.com': 'EventBridge',
  'logging.s3.amazonaws.com': "S3's delivery of access logs",
  's3.amazonaws.com': 'S3',
};

const servicesByName: Readonly<Record<string, string>> = { dynamodb: 'DynamoDB', kinesis: 'Kinesis' };

/** `S3`, `DynamoDB`. */
const serviceName = (name: string): string => servicesByName[name] ?? name.toUpperCase();

/** `a`, `b` and `c`. */
const list = (items: readonly string[]): string =>
  items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

const code = (text: string): string => `\`${text}\``;

/** Conditions that say of whom a statement speaks, since a principal of a policy cannot be left out. */
const byName = ['ArnEquals aws:PrincipalArn', 'ArnNotEquals aws:PrincipalArn'];

/** The words of one stack. */
export class PolicyWords {
  readonly #stack: StackJson;
  readonly #prefix: string;

  constructor(stack: StackJson, namePrefix: string) {
    this.#stack = stack;
    this.#prefix = namePrefix;
  }

  /** What a resource is called on AWS, without what all names of the environment begin with. */
  nameOf({ type, body, address }: Resource): string {
    if (type === 'aws_kms_key') return this.#aliasOf(address);
    const name = body.function_name ?? body.bucket ?? body.name;
    if (typeof name !== 'string') throw new Error(`${address} has no name.`);
    return this.#short(name);
  }

  /** `the queue \`arrivals\``; what belongs to `self`, the name of who acts, is its own. */
  things(values: readonly string[], self: string | null = null): string {
    const groups = new Map<string, Thing[]>();
    for (const thing of values.map((value) => this.#thing(value))) {
      const key = `${thing.kind} ${thing.bucket ?? ''}`;
      groups.set(key, [...(groups.get(key) ?? []), thing]);
    }
    return list([...groups.values()].map((group) => this.#group(group, self)));
  }

  /** What a statement is about. Whoever may list a bucket sees names, and nothing of the bucket itself. */
  on({ Action, Resource: values }: PolicyStatement, self: string | null = null): string {
    const things = this.things(values, self);
    return Action.every((action) => action === 's3:ListBucket') ? `names of objects in ${things}` : things;
  }

  /** Under which circumstances a statement holds, one phrase for each. */
  conditions({ Condition = {} }: PolicyStatement, self: string | null = null): string[] {
    return Object.entries(Condition)
      .flatMap(([operator, operands]) =>
        Object.entries(operands).map(([key, values]) => ({ key: `${operator} ${key}`, values })),
      )
      .filter(({ key }) => !byName.includes(key))
      .map(({ key, values }) => this.#condition(key, values, self));
  }

  /** Whom a statement of a resource's own policy is about. */
  principal({ Principal, Condition }: Pick<PolicyStatement, 'Principal' | 'Condition'>): string {
    if (Principal === undefined || Principal === '*') {
      const named = Condition?.ArnEquals?.['aws:PrincipalArn'];
      if (named) return this.things(named);
      const others = Condition?.ArnNotEquals?.['aws:PrincipalArn'];
      return others ? `everybody but ${this.things(others)}` : 'everybody';
    }
    return list(
      Object.entries(Principal).flatMap(([kind, values]) =>
        values.map((value) => {
          if (kind === 'AWS' && value.endsWith(':root')) return "this account's IAM policies";
          const service = /^logs\.[\w-]+\.amazonaws\.com$/.test(value) ? 'CloudWatch Logs' : services[value];
          if (kind === 'Service' && service !== undefined) return service;
          throw new Error(`policy-words.ts has no words for the principal ${value}.`);
        }),
      ),
    );
  }

  #condition(key: string, values: readonly string[], self: string | null): string {
    const things = () => this.things(values, self);
    const those = (what: string): string =>
      things() === 'itself' ? `its own ${what}` : `the ${what} of ${things()}`;
    switch (key) {
      case 'Bool aws:SecureTransport':
        return 'over plain HTTP';
      case 'StringEquals aws:PrincipalAccount':
        return 'in the name of this account';
      case 'StringEquals aws:SourceAccount':
        return 'for this account';
      case 'ArnEquals aws:SourceArn':
      case 'StringEquals aws:SourceArn':
        return `for ${things()}`;
      case 'StringEquals kms:EncryptionContext:SourceArn':
      case 'ArnLike kms:EncryptionContext:aws:logs:arn':
        return 'for log groups of this account';
      case 'StringEquals kms:EncryptionContext:aws:lambda:FunctionArn':
        return `for ${those('variables')}`;
      case 'StringEquals kms:EncryptionContext:aws:kinesis:arn':
        return `for records of ${things()}`;
      case 'StringEquals kms:EncryptionContext:aws:dynamodb:tableName':
        return `for the DynamoDB table ${list(values.map((value) => code(this.#short(value))))}`;
      case 'StringEquals kms:EncryptionContext:aws:dynamodb:subscriberId':
        return 'of this account';
      case 'StringLike kms:EncryptionContext:aws:s3:arn':
        // A bucket is named with and without its objects: with a bucket key, and without one.
        return `for objects of ${this.things(values.filter((value) => !value.endsWith('/*')))}`;
      case 'ArnLike kms:EncryptionContext:aws:sns:topicArn':
        return 'for topics of the lake';
      case 'StringEquals kms:EncryptionContext:aws:states:stateMachineArn':
        return `for ${those('executions')}`;
      case 'StringEquals cloudwatch:namespace':
        return `in the namespace ${list(values.map(code))}`;
      case 'StringEquals iam:PassedToService':
        return `to ${list(values.map((value) => services[value] ?? value))}`;
      case 'StringEquals kms:ViaService':
        return `through ${list(values.map((value) => serviceName(value.split('.')[0] ?? value)))}`;
      case 'ArnEquals lambda:SourceFunctionArn':
        return `called by ${those('code')}`;
      case 'StringLike s3:prefix': {
        const folders = values
          .filter((value) => value.endsWith('/*'))
          .map((value) => code(value.slice(0, -1)));
        return `below ${list(folders)}`;
      }
      case 'StringEquals s3:x-amz-acl':
        return "leaving them to the bucket's owner";
      case 'Null s3:x-amz-server-side-encryption':
        return 'if the request names one';
      case 'StringNotEquals s3:x-amz-server-side-encryption':
        return 'under another encryption than KMS';
      case 'StringNotEquals s3:x-amz-server-side-encryption-aws-kms-key-id':
        return `under another key than ${things()}`;
      default:
        throw new Error(`policy-words.ts has no words for the condition ${key}.`);
    }
  }

  #group(group: readonly Thing[], self: string | null): string {
    const [{ kind, name, bucket } = { kind: '', name: '' }] = group;
    if (kind === 'everything') return 'everything';
    if (kind === 'Glue catalogue') return 'the Glue catalogue';
    if (kind === 'objects') {
      const all = group.some((each) => each.name === '*');
      const below = all ? '' : ` below ${list(group.map((each) => code(each.name)))}`;
      return `objects${below} of the bucket ${code(bucket ?? '')}`;
    }
    const names = [...new Set(group.map((each) => each.name))];
    if (ofMany.some((each) => kind.startsWith(each))) {
      if (name === '*') return `the ${kind}`;
      const [only, ...others] = names;
      return only === self && others.length === 0 ? `its own ${kind}` : `${kind} of ${list(names.map(code))}`;
    }
    if (names.length === 1 && name === '*') return `every ${kind}`;
    if (names.length === 1 && name.endsWith('.*')) return `every ${kind} in ${code(name.slice(0, -2))}`;
    if (names.length === 1 && self !== null && this.#isOwn(kind, name, self)) {
      return kind === 'log group' ? 'its own log group' : 'itself';
    }
    return `the ${kind}${names.length > 1 ? 's' : ''} ${list(names.map(code))}`;
  }

  #isOwn(kind: string, name: string, self: string): boolean {
    // A consumer is called as who reads by it.
    if (kind === consumerKind) return false;
    return kind === 'log group' ? name.endsWith(`/${self}`) : name === self;
  }

  #thing(value: string): Thing {
    if (value === '*') return { kind: 'everything', name: '' };
    const [, type = '', logicalName = '', rest = ''] = /^\$\{(aws_\w+)\.(\w+)\.\w+\}(.*)$/.exec(value) ?? [];
    const resource = resources(this.#stack, type).find(({ name }) => name === logicalName);
    const kind = kinds[type];
    if (resource && kind !== undefined) {
      const name = this.nameOf(resource);
      const [, folder] = /^\/(?:(.*)\/)?\*$/.exec(rest) ?? [];
      if (kind === 'bucket' && rest !== '') {
        const readable = folder?.replace(/\$\{data\.aws_caller_identity\.\w+\.account_id\}/, '<account>');
        return { kind: 'objects', name: readable === undefined ? '*' : `${readable}/`, bucket: name };
      }
      if (rest === '' || (kind === 'log group' && rest === ':*')) return { kind, name };
    }
    const [, service, last = ''] = /^arn:[^:]+:([^:]+):[^:]*:[^:]+:(.+)$/.exec(value) ?? [];
    for (const [pattern, thing] of arns) {
      // The ARN of a queue does not say what it is.
      const found = pattern.exec(service === 'sqs' ? `queue:${last}` : last);
      if (!found) continue;
      const named = thing(this.#resolve(found[1] ?? ''));
      const isOfTheLake = found[1] === `${this.#prefix}-*`;
      return isOfTheLake ? { ...named, kind: `${named.kind} of the lake` } : named;
    }
    throw new Error(`policy-words.ts has no words for the resource ${value}.`);
  }

  /** A name in an ARN: written out, or that of a resource. */
  #resolve(name: string): string {
    const [, type = '', logicalName = ''] = /^\$\{(aws_\w+)\.(\w+)\.(?:name|id)\}$/.exec(name) ?? [];
    const resource = resources(this.#stack, type).find((each) => each.name === logicalName);
    return resource ? this.nameOf(resource) : this.#short(name);
  }

  #aliasOf(address: string): string {
    const alias = resources(this.#stack, 'aws_kms_alias').find(({ body }) =>
      String(body.target_key_id).includes(address),
    );
    return this.#short(String(alias?.body.name).replace('alias/', ''));
  }

  /** Without the prefix and the account; a database is called as the prefix itself, with `_` for `-`. */
  #short(name: string): string {
    return name
      .replaceAll(/\$\{aws_\w+\.\w+\.name\}/g, (reference) => this.#resolve(reference))
      .replace(/-\$\{data\.aws_caller_identity\.\w+\.account_id\}$/, '')
      .replace(`${this.#prefix}-`, '')
      .replace(this.#prefix.replaceAll('-', '_'), '<prefix>');
  }
}

/** `Read incoming objects` of `ReadIncomingObjects`. */
export const purposeOf = ({ Sid = '' }: Pick<PolicyStatement, 'Sid'>): string => {
  const words = Sid.split(/(?=[A-Z])/).map((word, index) => {
    if (['Iam', 'Http', 'Kms'].includes(word)) return word.toUpperCase();
    return index === 0 || word === 'Lambda' ? word : word.toLowerCase();
  });
  return words.join(' ');
};
