import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedZones } from '@sluice/lake-storage/zones';
import type { Lake } from '../lake/open-lake.ts';

/** An object of the raw zone, as S3 would tell of it. */
export interface RawObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
}

const EVERY_MS = 500;
/** Of the time at most; a zone with many objects is looked at less often. */
const BUSY_SHARE = 0.1;

/**
 * Tells of each object below `incoming/`, those that are there and those that come or are replaced, until the signal
 * aborts. Whoever puts objects there, in whatever process, need not say so. A round that has told all is followed by
 * `onRound`.
 */
export const watchRawZone = async (
  lake: Lake,
  signal: AbortSignal,
  onObject: (object: RawObject) => Promise<void>,
  onRound: () => void,
): Promise<void> => {
  const seen = new Map<string, string>();
  while (!signal.aborted) {
    const started = Date.now();
    for await (const object of lake.store.list(embeddedZones.raw, 'incoming/')) {
      if (signal.aborted) return;
      if (seen.get(object.key) === object.etag) continue;
      await onObject(object);
      seen.set(object.key, object.etag);
    }
    onRound();
    const tookMs = Date.now() - started;
    await sleep(Math.max(EVERY_MS, tookMs / BUSY_SHARE), undefined, { signal }).catch(() => undefined);
  }
};
