import type { ExecutionRecord } from '../lake/execution-record.ts';
import { count, plural } from './figures.ts';

/** `redrive 1: 12 of 10,000 batches ran again, 9,988 had been done` */
export const redriveLine = ({
  count: nth,
  state,
  batches,
}: NonNullable<ExecutionRecord['redrive']>): string =>
  `redrive ${nth}: ${
    batches
      ? `${count(batches.ranAgain)} of ${plural(batches.total, 'batch', 'batches')} ran again, ${count(batches.doneBefore)} had been done`
      : `went on with ${state ?? 'the first state'}, what comes before had been done`
  }`;
