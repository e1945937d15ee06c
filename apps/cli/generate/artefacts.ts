import { failureTable } from '../test/failures/failure-table.ts';
import { enginesPage } from '../test/spark-faults/fault-table.ts';

/** What is made from the tests. */
export const artefacts = async () => [
  { path: 'docs/failures.md', make: async () => failureTable() },
  { path: 'docs/engines.md', make: enginesPage },
];
