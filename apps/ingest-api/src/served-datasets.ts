import type { Dataset } from '@sluice/record-schema';

/** Records reach the lake as JSON lines: a dataset that does not take JSON would refuse the whole object that they come in. */
export const servedDatasets = (all: ReadonlyMap<string, Dataset>): ReadonlyMap<string, Dataset> =>
  new Map([...all].filter(([, { source }]) => source.formats.includes('json')));
