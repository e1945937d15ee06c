import { readJson } from '@sluice/lake-storage';
import { manifestKey, stagingPrefix } from '@sluice/lake-storage/zones';
import {
  type QualityReport,
  type RejectRunInput,
  type RejectRunOutput,
  type RunInput,
  stagedName,
  stagedQuality,
  summaryOf,
} from '@sluice/step-contracts';
import { isOf, type PublishRunDeps, partitionOf } from './publish-run.ts';
import { clearStaging, quarantinedObject, readManifest, replaceRun } from './replace-run.ts';

export type RejectRunDeps = Pick<PublishRunDeps, 'zone' | 'partitionsOf'>;

type Verdict = Pick<RejectRunOutput, 'gate' | 'code' | 'message'> & {
  readonly quality: QualityReport | null;
};

/**
 * Ends a run whose object did not pass a gate: the object goes to quarantine as a whole, what an earlier run published
 * of it is taken back, and the manifest says why.
 */
export const rejectRun = async (input: RejectRunInput, deps: RejectRunDeps): Promise<RejectRunOutput> => {
  const { runId, dataset, asOf, object } = input;
  const run: RunInput = { runId, dataset, asOf, object };
  const { zone } = deps;
  const verdict = await verdictOf(input, deps);
  if (!verdict) return finished(run, deps);

  const { etag: _etag, size: _size, ...version } = object;
  const head = await zone.objects.head(version);
  // Without versions the name may hold other bytes by now, which have a run of their own.
  const isThere = head !== null && head.etag === object.etag;
  const to = quarantinedObject(run);
  const quarantined = isThere ? { bucket: zone.bucket, key: to } : null;
  const { gate, code, message, quality } = verdict;
  await replaceRun(zone, {
    run,
    copies: isThere ? [{ from: version, to }] : [],
    partition: partitionOf(deps.partitionsOf(dataset) ?? [], asOf),
    catalogue: async () => undefined,
    manifest: { manifestVersion: 1, status: 'rejected', ...run, gate, code, message, quarantined, quality },
  });
  return { gate, code, message, manifest: manifestOf(run, deps), quarantined };
};

const manifestOf = ({ dataset, runId }: RunInput, { zone }: RejectRunDeps) => ({
  bucket: zone.bucket,
  key: manifestKey(dataset, runId),
});

/** Null if the object was valid and its quality report is gone. */
const verdictOf = async (
  { validation, runId }: RejectRunInput,
  { zone }: RejectRunDeps,
): Promise<Verdict | null> => {
  if (!validation.valid) {
    return { gate: 'validation', code: validation.code, message: validation.message, quality: null };
  }
  const at = { bucket: zone.bucket, key: `${stagingPrefix(runId)}${stagedName.quality}` };
  const staged = stagedQuality.nullable().parse(await readJson(zone.objects, at));
  if (!staged) return null;
  if ('refusal' in staged) return { gate: 'validation', ...staged.refusal, quality: null };
  const message = summaryOf(staged.verdict);
  return { gate: 'quality', code: 'quality_below_threshold', message, quality: staged };
};

/** An earlier attempt got as far as the manifest. */
const finished = async (run: RunInput, deps: RejectRunDeps): Promise<RejectRunOutput> => {
  const manifest = await readManifest(deps.zone, run);
  if (manifest?.status !== 'rejected' || !isOf(manifest, run))
    throw new Error(`Run ${run.runId} has no ${stagedName.quality} in staging: its object was not scored.`);
  await clearStaging(deps.zone, run.runId);
  const { gate, code, message, quarantined } = manifest;
  return { gate, code, message, manifest: manifestOf(run, deps), quarantined };
};
