import { hash } from 'node:crypto';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
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

/** Bytes. There may be as many that are not finished as there are partition keys, so that it is small and grows. */
const firstRoom = 1024;

/** Writes an aggregated record as its records come, straight into its bytes: it is called for every record. */
export class AggregatedRecordEncoder {
  readonly #partitionKeys = new Map<string, number>();
  readonly #hashKeys = new Map<string, number>();
  #written = Buffer.allocUnsafeSlow(firstRoom);
  #end = magic.length;
  /** At most this many, once it is finished. */
  bytes = magic.length + digestBytes;

  constructor() {
    this.#written.set(magic);
  }

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
    if (this.bytes > this.#written.length) this.#grow();
    // A decoder takes the tables from wherever they stand, so each key goes in just before the first record that needs it.
    const keyAt = key ?? this.#newKey(this.#partitionKeys, partitionKeyTable, partitionKey);
    const hashKeyAt =
      explicitHashKey === undefined
        ? -1
        : (hashKey ?? this.#newKey(this.#hashKeys, explicitHashKeyTable, explicitHashKey));
    this.#field(records, WireType.LengthDelimited, memberBytes(keyAt, hashKeyAt, data.length));
    this.#field(partitionKeyIndex, WireType.Varint, keyAt);
    if (hashKeyAt >= 0) this.#field(explicitHashKeyIndex, WireType.Varint, hashKeyAt);
    this.#field(recordData, WireType.LengthDelimited, data.length);
    this.#written.set(data, this.#end);
    this.#end += data.length;
    return true;
  }

  /** Its bytes; nothing can be added afterwards. */
  finish(): Uint8Array {
    const digest = hash('md5', this.#written.subarray(magic.length, this.#end), 'buffer');
    this.#written.set(digest, this.#end);
    return this.#written.subarray(0, this.#end + digestBytes);
  }

  /** Its tag, which has one byte, and its value, or the length of what follows. */
  #field(field: number, type: WireType, value: number): void {
    this.#written[this.#end++] = (field << 3) | type;
    let rest = value;
    while (rest > 0x7f) {
      this.#written[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#written[this.#end++] = rest;
  }

  #newKey(table: Map<string, number>, field: number, key: string): number {
    const index = table.size;
    table.set(key, index);
    this.#field(field, WireType.LengthDelimited, Buffer.byteLength(key));
    this.#end += this.#written.write(key, this.#end);
    return index;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(4 * this.#written.length, this.bytes));
    this.#written.copy(larger, 0, 0, this.#end);
    this.#written = larger;
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

function varintBytes(value: number): number {
  if (value < 1 << 7) return 1;
  if (value < 1 << 14) return 2;
  if (value < 1 << 21) return 3;
  return value < 1 << 28 ? 4 : 5;
}
