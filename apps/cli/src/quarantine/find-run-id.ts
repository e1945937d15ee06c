import { manifestsPrefix } from '@sluice/lake-storage/zones';
import { CliError } from '../cli-error.ts';
import type { LakeZones } from './lake-zones.ts';

/** A run by its full id. */
export interface RunName {
  readonly dataset: string;
  readonly runId: string;
}

const RUN_ID = /^(.+)-([0-9a-f]{32})$/;

/** A run id begins with its dataset, unless that is so long that it was cut. */
const datasetOf = (runId: string): string => RUN_ID.exec(runId)?.[1] ?? runId;

/**
 * The one run whose id, or the hexadecimal part of it, begins so. No manifest is read: a lake may have many.
 *
 * @throws {CliError} if there is none, or more than one
 */
export const findRunId = async (zones: LakeZones, prefix: string): Promise<RunName> => {
  const found = new Map<string, string>();
  for (const runId of await zones.executed(prefix)) found.set(runId, datasetOf(runId));
  for await (const { key } of zones.store.list(zones.buckets.curated, 'runs/')) {
    const [, dataset, runId] = /^runs\/([^/]+)\/([^/]+)\.json$/.exec(key) ?? [];
    if (dataset !== undefined && runId !== undefined) found.set(runId, dataset);
  }
  const exact = found.get(prefix);
  if (exact !== undefined) return { dataset: exact, runId: prefix };
  const matching = [...found].filter(
    ([runId]) => runId.startsWith(prefix) || RUN_ID.exec(runId)?.[2]?.startsWith(prefix) === true,
  );
  const [first, second] = matching;
  const list = `list them: sluice quarantine ls${zones.option}`;
  if (!first) throw new CliError(`there is no run ${JSON.stringify(prefix)} in ${zones.name}; ${list}`);
  if (second) {
    throw new CliError(
      `${matching.length} runs begin with ${JSON.stringify(prefix)}; write more of the id; ${list}`,
    );
  }
  return { dataset: first[1], runId: first[0] };
};

/** `runs/`, or that of one dataset. */
export const manifestsOf = (dataset: string | undefined): string =>
  dataset === undefined ? 'runs/' : manifestsPrefix(dataset);
