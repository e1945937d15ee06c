import type { ObjectStore } from '@sluice/lake-storage';
import { embeddedZones, type ZoneBuckets } from '@sluice/lake-storage/zones';
import { listExecutions } from '../lake/execution-record.ts';
import { type Lake, shownPath } from '../lake/open-lake.ts';
import { listJournals } from '../lake/run-journal.ts';

/** A lake as the quarantine's commands see it: the embedded one, or an environment's on AWS. */
export interface LakeZones {
  readonly store: ObjectStore;
  readonly buckets: ZoneBuckets;
  /** How a person calls it: `.lake`, `prod`. */
  readonly name: string;
  /** ` --lake DIR` or ` --env prod`, to be put behind a command line that is to work on it. */
  readonly option: string;
  /** Where an object is, as a person would write it. */
  readonly shown: (at: { readonly bucket: string; readonly key: string }) => string;
  /** Ids of runs that were executed, whether they left a manifest or not, and may begin so. */
  readonly executed: (prefix: string) => Promise<readonly string[]>;
}

export const embeddedLakeZones = (lake: Lake): LakeZones => ({
  store: lake.store,
  buckets: embeddedZones,
  name: shownPath(lake.root),
  option: lake.option,
  shown: lake.shown,
  executed: async () => [...(await listExecutions(lake.store)), ...(await listJournals(lake))],
});
