import { embeddedZones, incomingKey, runIdOf } from '@sluice/lake-storage/zones';
import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import { hasBytesOf, type LocalSource, landFile } from '../lake/land-file.ts';
import { readManifest } from '../lake/manifests.ts';
import type { Lake } from '../lake/open-lake.ts';
import { withRunLock } from '../lake/run-lock.ts';
import { quoted } from '../terminal/shell.ts';
import type { PutObject, Putting } from './put-object.ts';

/**
 * Lands a file in the embedded lake and runs nothing.
 *
 * @throws {CliError} if an object of that name waits for its run: a folder keeps no versions, and its rows would be lost
 */
export const putEmbedded = (
  lake: Lake,
  dataset: Dataset,
  source: LocalSource,
  { signal, onBytes, onWait }: Putting & { readonly onWait: () => void },
): Promise<PutObject> =>
  withRunLock(lake, dataset.name, source.name, { signal, onWait }, async () => {
    const at = { bucket: embeddedZones.raw, key: incomingKey(dataset.name, source.name) };
    const shown = lake.shown(at);
    const isOver = async (runId: string): Promise<boolean> =>
      (await readManifest(lake.store, dataset.name, runId)) !== null;
    const before = await lake.store.head(at);
    if (before && !(await isOver(runIdOf(dataset.name, { ...at, etag: before.etag })))) {
      if (!(await hasBytesOf(before, source, signal, (soFar) => onBytes('compared', soFar)))) {
        throw new CliError(
          `${shown} has other bytes than ${source.path}, and no run has taken them yet; run them first: sluice run ${quoted(shown)} --dataset ${dataset.name}${lake.option}; or put ${source.path} under another --name`,
        );
      }
    }
    const { object, written } = await landFile(lake, dataset.name, source, signal, (soFar) =>
      onBytes('put', soFar),
    );
    const runId = runIdOf(dataset.name, object);
    return {
      source,
      object,
      shown,
      outcome: !written ? 'unchanged' : before ? 'replaced' : 'new',
      runId,
      isOver: await isOver(runId),
    };
  });
