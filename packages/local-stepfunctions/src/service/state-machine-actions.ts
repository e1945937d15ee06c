import { action, type ServiceState } from './action.ts';
import { type Action, epochSeconds } from './json-protocol.ts';
import { pageOf } from './pages.ts';
import * as requests from './requests.ts';
import { ServiceError } from './service-error.ts';

export function stateMachineActions({ machines, executions }: ServiceState): Record<string, Action> {
  return {
    CreateStateMachine: action(requests.createStateMachine, (request) => {
      refuseVersions(request);
      const machine = machines.create(request, new Map(request.tags.map(({ key, value }) => [key, value])));
      return { stateMachineArn: machine.arn, creationDate: epochSeconds(machine.creationDate) };
    }),

    UpdateStateMachine: action(requests.updateStateMachine, (request) => {
      refuseVersions(request);
      const { updateDate, revisionId } = machines.update(request.stateMachineArn, request);
      return { updateDate: epochSeconds(updateDate), revisionId };
    }),

    DeleteStateMachine: action(requests.ofStateMachine, ({ stateMachineArn }) => {
      const machine = machines.find(stateMachineArn);
      if (machine === undefined || machine.deleting) return {};
      machine.deleting = true;
      void executions.stopAll(machine).then(() => {
        executions.forget(machine);
        machines.remove(machine);
      });
      return {};
    }),

    DescribeStateMachine: action(requests.describeStateMachine, ({ stateMachineArn, includedData }) => {
      const machine = machines.get(stateMachineArn);
      const { definition, roleArn, revisionId, configuration } = machine.revision;
      return {
        stateMachineArn: machine.arn,
        name: machine.name,
        status: machine.deleting ? 'DELETING' : 'ACTIVE',
        definition: includedData === 'ALL_DATA' ? definition : '{}',
        roleArn,
        type: machine.type,
        creationDate: epochSeconds(machine.creationDate),
        revisionId,
        ...configuration,
      };
    }),

    DescribeStateMachineForExecution: action(
      requests.describeStateMachineForExecution,
      ({ executionArn, includedData }) => {
        const found = executions.child(executionArn);
        const { stateMachine, revision } = found?.parent ?? executions.get(executionArn);
        return {
          stateMachineArn: found?.child.stateMachineArn ?? stateMachine.arn,
          mapRunArn: found?.child.mapRunArn,
          name: stateMachine.name,
          definition: includedData === 'ALL_DATA' ? revision.definition : '{}',
          roleArn: revision.roleArn,
          updateDate: epochSeconds(revision.updateDate),
          revisionId: revision.revisionId,
          ...revision.configuration,
        };
      },
    ),

    ListStateMachines: action(requests.listStateMachines, (request) => {
      const { page, nextToken } = pageOf(
        { items: machines.all(), position: (machine) => machine.position, of: ['ListStateMachines'] },
        request,
      );
      return {
        stateMachines: page.map((machine) => ({
          stateMachineArn: machine.arn,
          name: machine.name,
          type: machine.type,
          creationDate: epochSeconds(machine.creationDate),
        })),
        nextToken,
      };
    }),
  };
}

/** There are no versions here: a client that asks for one is told so. */
function refuseVersions(request: {
  readonly publish: boolean;
  readonly versionDescription?: string | undefined;
}) {
  if (!request.publish && request.versionDescription === undefined) return;
  throw new ServiceError('ValidationException', 'This service keeps no versions of state machines');
}
