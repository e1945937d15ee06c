import { LOCAL_ACCOUNT, statesArn } from '../account.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Execution, ExecutionOptions } from '../execution.ts';
import type { ObjectStore } from '../object-store.ts';
import type { TaskHandlers } from '../task-handler.ts';
import { createActions } from './actions.ts';
import { Executions } from './executions.ts';
import { serveJson } from './json-protocol.ts';
import { StateMachines } from './state-machines.ts';
import { TaskTokens } from './task-tokens.ts';

export interface StatesServiceOptions {
  /** Of 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  /**
   * What the tasks of all state machines are done by. That of a `.waitForTaskToken` resource, or of the plain
   * call if there is none, hands over `task.context.Task.Token`; the task then waits for SendTaskSuccess or
   * SendTaskFailure.
   */
  readonly handlers: TaskHandlers;
  /** What the ItemReaders and ResultWriters of Distributed Maps read and write. */
  readonly objects?: ObjectStore;
  readonly clock?: Clock;
  /** In the ARNs that the service gives. */
  readonly region?: string;
  /** Twelve digits. */
  readonly accountId?: string;
  /** How many ended executions can still be described, 1,000 by default; the oldest are forgotten. */
  readonly keepFinished?: number;
  /**
   * Characters that the journals of all executions may have together, 268,435,456 by default. Those of executions
   * that ended first are forgotten first; an execution whose journal is forgotten cannot be redriven any more.
   */
  readonly keepJournals?: number;
}

export interface StatesService {
  /** For `endpoint` of an SDK's client or `--endpoint-url` of the AWS CLI. */
  readonly endpoint: string;
  /**
   * Starts an execution as StartExecution does, but with surroundings of its own: whoever asks the service sees it, and
   * who started it redrives it. A name can be given again when its execution has ended.
   *
   * @throws {ServiceError} ExecutionAlreadyExists, StateMachineDoesNotExist
   */
  startExecution(
    options: ExecutionOptions & { readonly name: string; readonly stateMachineName: string },
  ): Execution;
  /** Stops what runs, as StopExecution does, answers the requests that are due, and closes the port. */
  stop(): Promise<void>;
}

/**
 * Serves the interpreter on the loopback interface by the protocol of AWS Step Functions, so that the AWS CLI
 * and SDKs drive it. State machines and executions live in memory. Any credentials do: nothing is authorized.
 */
export async function startStatesService(options: StatesServiceOptions): Promise<StatesService> {
  const { port = 0, clock = systemClock } = options;
  const account = {
    region: options.region ?? LOCAL_ACCOUNT.region,
    accountId: options.accountId ?? LOCAL_ACCOUNT.accountId,
  };
  const tokens = new TaskTokens();
  const handlers = tokens.waiting(options.handlers);
  const executions = new Executions({
    account,
    clock,
    handlers,
    objects: options.objects,
    keepFinished: options.keepFinished ?? 1_000,
    keepJournals: options.keepJournals ?? 268_435_456,
  });
  const stopping = new AbortController();
  const machines = new StateMachines(account, clock, handlers);
  const actions = createActions({
    machines,
    executions,
    tokens,
    handlers,
    clock,
    signal: stopping.signal,
  });
  const server = await serveJson('AWSStepFunctions', actions, port);
  return {
    endpoint: server.endpoint,
    startExecution({ name, stateMachineName, input, ...own }) {
      const machine = machines.getActive(statesArn(account, 'stateMachine', stateMachineName));
      const record = executions.startWith(machine, name, JSON.stringify(input), own);
      const { execution } = record;
      // By then the service knows of its end, too.
      return { ...execution, result: record.ended.then(() => execution.result) };
    },
    async stop() {
      stopping.abort();
      const closed = server.close();
      await executions.stopAll();
      await closed;
    },
  };
}
