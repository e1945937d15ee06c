import { action, type ServiceState } from './action.ts';
import type { FoundMapRun } from './executions.ts';
import { type Action, epochSeconds } from './json-protocol.ts';
import { pageOf } from './pages.ts';
import * as requests from './requests.ts';
import { ServiceError } from './service-error.ts';

export function mapRunActions({ executions }: ServiceState): Record<string, Action> {
  return {
    DescribeMapRun: action(requests.describeMapRun, ({ mapRunArn }) => {
      const { mapRun, execution } = executions.mapRun(mapRunArn);
      const { startDate, stopDate, redriveDate, ...description } = mapRun.describe();
      return {
        ...description,
        executionArn: execution.arn,
        ...datesOf({ startDate, stopDate }),
        ...(redriveDate === undefined ? {} : { redriveDate: epochSeconds(redriveDate) }),
      };
    }),

    ListMapRuns: action(requests.listMapRuns, (request) => {
      const execution = executions.get(request.executionArn);
      const mapRuns = [...execution.mapRuns.values()].map((mapRun, index) => ({ mapRun, index }));
      const { page, nextToken } = pageOf(
        { items: mapRuns, position: ({ index }) => index, of: ['ListMapRuns', request.executionArn] },
        request,
      );
      return { mapRuns: page.map(({ mapRun }) => listed({ mapRun, execution })), nextToken };
    }),

    UpdateMapRun: action(requests.updateMapRun, ({ mapRunArn, ...update }) => {
      const { mapRun } = executions.mapRun(mapRunArn);
      if (mapRun.describe().status !== 'RUNNING') {
        throw new ServiceError('ValidationException', `The Map Run has ended: '${mapRunArn}'`, {
          reason: 'CANNOT_UPDATE_COMPLETED_MAP_RUN',
        });
      }
      mapRun.update({
        ...(update.maxConcurrency !== undefined && { maxConcurrency: update.maxConcurrency }),
        ...(update.toleratedFailureCount !== undefined && {
          toleratedFailureCount: update.toleratedFailureCount,
        }),
        ...(update.toleratedFailurePercentage !== undefined && {
          toleratedFailurePercentage: update.toleratedFailurePercentage,
        }),
      });
      return {};
    }),
  };
}

function listed({ mapRun, execution }: FoundMapRun): object {
  const { startDate, stopDate } = mapRun.describe();
  return {
    executionArn: execution.arn,
    mapRunArn: mapRun.mapRunArn,
    stateMachineArn: execution.stateMachine.arn,
    ...datesOf({ startDate, stopDate }),
  };
}

function datesOf({
  startDate,
  stopDate,
}: {
  readonly startDate: Date;
  readonly stopDate: Date | undefined;
}): object {
  return {
    startDate: epochSeconds(startDate),
    ...(stopDate === undefined ? {} : { stopDate: epochSeconds(stopDate) }),
  };
}
