import { hash } from 'node:crypto';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ProducerRecord } from './record.ts';

/**
 * The KPL's way to put many records into one:
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 *
 *     magic F3 89 9A C2 | AggregatedRecord (protobuf) | MD5 of the protobuf
 */
const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const digestBytes = 16;
/** Of a record: its tag and length, two indexes and the data's length. Varints here have at most 5 bytes, tags one. */
const mostOverhead = 4 * 6;
/** Of a key in a table: its tag and length. */
const mostOverheadOfKey = 6;

// message AggregatedRecord
const partitionKeyTable = 1;
const explicitHashKeyTable = 2;
const records = 3;
// message Record
const partitionKeyIndex = 1;
const explicitHashKeyIndex = 2;
const recordData = 3;

/** One Kinesis record's data out of those of many. Its own partition key has to lead to the shard of all of them. */
export function encodeAggregated(members: readonly ProducerRecord[]): Uint8Array {
  const encoder = new AggregatedRecordEncoder();
  for (const record of members) encoder.add(record);
  return encoder.finish();
}

const roomForDigest = new Uint8Array(digestBytes);
/** Those that are finished: a writer keeps the room that it has grown to. */
const spareWriters: BinaryWriter[] = [];

/** Writes an aggregated record as its records come. */
export class AggregatedRecordEncoder {
  readonly #writer = (spareWriters.pop() ?? new BinaryWriter()).raw(magic);
  readonly #partitionKeys = new Map<string, number>();
  readonly #hashKeys = new Map<string, number>();
  /** At most this many, once it is finished. */
  bytes = magic.length + digestBytes;

  /** Takes the record in, unless it would exceed `maxBytes` then. */
  add({ data, partitionKey, explicitHashKey }: ProducerRecord, maxBytes = Number.POSITIVE_INFINITY): boolean {
    const key = this.#partitionKeys.get(partitionKey);
    const hashKey = explicitHashKey === undefined ? undefined : this.#hashKeys.get(explicitHashKey);
    let growth = data.length + mostOverhead;
    if (key === undefined) growth += Buffer.byteLength(partitionKey) + mostOverheadOfKey;
    if (explicitHashKey !== undefined && hashKey === undefined) {
      growth += explicitHashKey.length + mostOverheadOfKey;
    }
    if (this.bytes + growth > maxBytes) return false;
    this.bytes += growth;
    // A decoder takes the tables from wherever they stand, so each key goes in just before the first record that needs it.
    const keyAt = key ?? this.#newKey(this.#partitionKeys, partitionKeyTable, partitionKey);
    const hashKeyAt =
      explicitHashKey === undefined
        ? -1
        : (hashKey ?? this.#newKey(this.#hashKeys, explicitHashKeyTable, explicitHashKey));
    const writer = this.#writer.uint32(tag(records, WireType.LengthDelimited));
    writer.uint32(memberBytes(keyAt, hashKeyAt, data.length));
    writer.uint32(tag(partitionKeyIndex, WireType.Varint)).uint32(keyAt);
    if (hashKeyAt >= 0) writer.uint32(tag(explicitHashKeyIndex, WireType.Varint)).uint32(hashKeyAt);
    writer.uint32(tag(recordData, WireType.LengthDelimited)).bytes(data);
    return true;
  }

  /** Its bytes; nothing can be added afterwards. */
  finish(): Uint8Array {
    const whole = this.#writer.raw(roomForDigest).finish();
    spareWriters.push(this.#writer);
    const end = whole.length - digestBytes;
    whole.set(hash('md5', whole.subarray(magic.length, end), 'buffer'), end);
    return whole;
  }

  #newKey(table: Map<string, number>, field: number, key: string): number {
    const index = table.size;
    table.set(key, index);
    this.#writer.uint32(tag(field, WireType.LengthDelimited)).string(key);
    return index;
  }
}

/** The records within, in their order; null if this is not an aggregated record, or a broken one. Never throws. */
export function decodeAggregated(bytes: Uint8Array): ProducerRecord[] | null {
  if (bytes.length < magic.length + digestBytes || magic.some((byte, at) => bytes[at] !== byte)) return null;
  const message = bytes.subarray(magic.length, bytes.length - digestBytes);
  const digest = hash('md5', message, 'buffer');
  if (digest.compare(bytes, bytes.length - digestBytes) !== 0) return null;
  try {
    return readMessage(new BinaryReader(message));
  } catch {
    return null;
  }
}

function readMessage(reader: BinaryReader): ProducerRecord[] | null {
  const partitionKeys: string[] = [];
  const hashKeys: string[] = [];
  const members: { data: Uint8Array; key: number; hashKey: number | undefined }[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type !== WireType.LengthDelimited) reader.skip(type, field);
    else if (field === partitionKeyTable) partitionKeys.push(reader.string());
    else if (field === explicitHashKeyTable) hashKeys.push(reader.string());
    else if (field === records) {
      const member = readMember(reader, reader.uint32());
      if (!member) return null;
      members.push(member);
    } else reader.skip(type, field);
  }
  const decoded: ProducerRecord[] = [];
  for (const { data, key, hashKey } of members) {
    const partitionKey = partitionKeys[key];
    if (partitionKey === undefined) return null;
    if (hashKey === undefined) decoded.push({ data, partitionKey });
    else {
      const explicitHashKey = hashKeys[hashKey];
      if (explicitHashKey === undefined) return null;
      decoded.push({ data, partitionKey, explicitHashKey });
    }
  }
  return decoded;
}

function readMember(reader: BinaryReader, length: number) {
  const end = reader.pos + length;
  if (end > reader.len) return null;
  let key: number | undefined;
  let hashKey: number | undefined;
  let data: Uint8Array | undefined;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === partitionKeyIndex && type === WireType.Varint) key = reader.uint32();
    else if (field === explicitHashKeyIndex && type === WireType.Varint) hashKey = reader.uint32();
    else if (field === recordData && type === WireType.LengthDelimited) data = reader.bytes();
    else reader.skip(type, field);
  }
  // The first and the third are required fields.
  return reader.pos === end && key !== undefined && data ? { data, key, hashKey } : null;
}

function memberBytes(key: number, hashKey: number, dataLength: number): number {
  const hashKeyBytes = hashKey < 0 ? 0 : 1 + varintBytes(hashKey);
  return 1 + varintBytes(key) + hashKeyBytes + 1 + varintBytes(dataLength) + dataLength;
}

function tag(field: number, type: WireType): number {
  return (field << 3) | type;
}

function varintBytes(value: number): number {
  if (value < 1 << 7) return 1;
  if (value < 1 << 14) return 2;
  if (value < 1 << 21) return 3;
  return value < 1 << 28 ? 4 : 5;
}
