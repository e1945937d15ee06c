import { isUtf8 } from 'node:buffer';
import { MAX_RAW_BYTES } from '@sluice/record-transform/reading';
import type { Judgement } from './judge-record.ts';
import type { StreamRecord } from './records-of.ts';

type Unreadable = Extract<Judgement, { outcome: 'unreadable' }>;

/**
 * A record that cannot be read as a line of quarantine, with where it came from. `raw` is its text, or the beginning
 * of it; if that is not all of it, to the byte, `stream.data` has the record as it came, in Base64.
 */
export const quarantinedLine = (
  { stream: name, shardId }: { readonly stream: string; readonly shardId: string },
  { sequenceNumber, subSequenceNumber, arrivedAt, data }: StreamRecord,
  { field, code, content }: Unreadable,
): string => {
  const isWhole = content !== null && content.length <= MAX_RAW_BYTES && isUtf8(content);
  return JSON.stringify({
    // Its place in the Kinesis record: a line is the same whatever batch its record came with.
    row: (subSequenceNumber ?? 0) + 1,
    reasons: [{ field, code }],
    record: null,
    raw: content?.subarray(0, MAX_RAW_BYTES).toString('utf8') ?? null,
    stream: {
      name,
      shardId,
      sequenceNumber,
      ...(subSequenceNumber === null ? {} : { subSequenceNumber }),
      arrivedAt,
      ...(isWhole ? {} : { data: data.toString('base64') }),
    },
  });
};
