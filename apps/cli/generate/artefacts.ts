import { failureTable } from '../test/failures/failure-table.ts';

/** What is made from the tests. */
export const artefacts = async () => [{ path: 'docs/failures.md', make: async () => failureTable() }];
