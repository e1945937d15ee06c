import type { ObjectStore } from '@sluice/lake-storage';
import type { Manifest } from '@sluice/step-contracts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { linesOf } from '../lake/lines-of.ts';
import type { QuarantinedRow } from '../report/report-input.ts';
import { hasReason } from './quarantine-entries.ts';

/** The rows of a run's quarantine file in the object's order; those with one reason, if one is wanted. */
export async function* quarantinedRows(
  store: ObjectStore,
  bucket: string,
  manifest: Manifest,
  wanted?: string,
): AsyncGenerator<QuarantinedRow> {
  if (manifest.status !== 'published' || !manifest.quarantine) return;
  const { key } = manifest.quarantine;
  const body = await store.read({ bucket, key });
  if (!body) throw new CliError(`${bucket}/${key} is gone; run the object again`, EXIT.fault);
  for await (const line of linesOf(body)) {
    // Written by our own engines in this shape.
    const row = JSON.parse(line) as QuarantinedRow;
    if (row.reasons.some((reason) => hasReason(wanted, reason))) yield row;
  }
}
