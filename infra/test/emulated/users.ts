import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { MiniStack } from '@sluice/aws-emulator';

/** What somebody calls AWS with. */
export interface Clients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** Users of an emulated account, made for a test. */
export class Users {
  readonly #client: Pick<MiniStack, 'endpoint' | 'region' | 'credentials'>;
  readonly #iam: IAMClient;
  readonly #open: { destroy(): void }[] = [];
  readonly #undo: (() => Promise<unknown>)[] = [];
  /** The account itself, which may do whatever the policies of queues do not refuse. */
  readonly root: Clients;

  constructor({ endpoint, credentials }: MiniStack, region: string) {
    this.#client = { endpoint, credentials, region };
    this.#iam = new IAMClient(this.#client);
    this.root = this.#clients(this.#client);
  }

  /** A user who may do all that the actions match, to all that there is, as far as IAM goes. */
  async whoMay(actions: readonly string[], { overTls }: { readonly overTls: boolean }): Promise<Clients> {
    const clients = this.#clients({ ...this.#client, credentials: await this.keyOf(actions) });
    if (overTls) return clients;
    clients.s3.middlewareStack.add(cameInPlain, { step: 'build' });
    clients.sqs.middlewareStack.add(cameInPlain, { step: 'build' });
    return clients;
  }

  /** The key of such a user, for what no client of ours calls. */
  async keyOf(actions: readonly string[]): Promise<MiniStack['credentials']> {
    const UserName = `user-${this.#undo.length}`;
    const policy = { UserName, PolicyName: 'everywhere' };
    await this.#iam.send(new CreateUserCommand({ UserName }));
    this.#undo.push(() => this.#iam.send(new DeleteUserCommand({ UserName })));
    const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
    await this.#iam.send(
      new PutUserPolicyCommand({
        ...policy,
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      }),
    );
    this.#undo.push(() => this.#iam.send(new DeleteUserPolicyCommand(policy)));
    const { AccessKey: key } = await this.#iam.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = key ?? {};
    this.#undo.push(() => this.#iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: accessKeyId })));
    return { accessKeyId, secretAccessKey };
  }

  /** Deletes the users. */
  async leave(): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo();
    for (const client of [this.#iam, ...this.#open]) client.destroy();
  }

  #clients(client: Pick<MiniStack, 'endpoint' | 'region' | 'credentials'>): Clients {
    const clients = { s3: new S3Client({ ...client, forcePathStyle: true }), sqs: new SQSClient(client) };
    this.#open.push(clients.s3, clients.sqs);
    return clients;
  }
}

/** Says what the emulator understands as: this came without TLS. */
const cameInPlain =
  <Args extends { request: unknown }, Output>(next: (args: Args) => Promise<Output>) =>
  (args: Args): Promise<Output> => {
    const { request } = args;
    if (typeof request === 'object' && request !== null && 'headers' in request) {
      request.headers = { ...Object(request.headers), 'x-forwarded-proto': 'http' };
    }
    return next(args);
  };
