import type { PartitionKeyOf, ProducerRecord, RefusalReason } from '@sluice/kinesis-producer';
import type { ReadingFault, ReadRecord } from './read/read-record.ts';

/**
 * Why a record is not sent: the reader found a fault in it; it says already which dataset it is of; or the stream would
 * not take it.
 */
export type Refusal = ReadingFault | 'has_dataset_field' | RefusalReason;

export type Prepared = { readonly record: ProducerRecord } | { readonly refusal: Refusal };

export interface Preparation {
  /** What says in each record which dataset it is of; null: nothing does, its stream tells. */
  readonly datasetMember: { readonly field: string; readonly dataset: string } | null;
  readonly keyOf: PartitionKeyOf;
  /** The partition key is made of the record's values. */
  readonly keyNeedsValues: boolean;
}

/** The record as the stream is to get it: the text as it was read, with the dataset's name as its first member. */
export const recordPreparer = ({
  datasetMember,
  keyOf,
  keyNeedsValues,
}: Preparation): ((record: ReadRecord) => Prepared) => {
  const member = datasetMember
    ? `{${JSON.stringify(datasetMember.field)}:${JSON.stringify(datasetMember.dataset)}`
    : null;
  return (record) => {
    if ('fault' in record) return { refusal: record.fault };
    const { json } = record;
    // A name may be spelled with escapes.
    const mayNameDataset =
      datasetMember !== null && (json.includes(datasetMember.field) || json.includes('\\'));
    const values = keyNeedsValues || mayNameDataset ? valuesOf(json) : {};
    if (datasetMember !== null && Object.hasOwn(values, datasetMember.field))
      return { refusal: 'has_dataset_field' };
    const data = Buffer.from(member === null ? json : withFirst(member, json));
    return { record: { data, ...keyOf(values, data) } };
  };
};

// Readers give the text of an object only.
const valuesOf = (json: string) => JSON.parse(json) as Readonly<Record<string, unknown>>;

const withFirst = (member: string, json: string): string => {
  const rest = json.slice(1);
  return /^\s*\}/.test(rest) ? `${member}${rest}` : `${member},${rest}`;
};
