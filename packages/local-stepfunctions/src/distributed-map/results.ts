import { reasonOf, StateError } from '../errors.ts';
import { isArray, type Json, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../object-store.ts';
import { byteLength, PAYLOAD_LIMIT } from '../payload.ts';
import { resultTooLarge } from '../run/data-flow.ts';
import { type ChildKind, type ChildResult, pendingRecord, resultRecord } from './child-result.ts';
import type { ResultWriter } from './distributed-map.ts';
import type { MapRunIdentity } from './map-run.ts';
import { ResultFiles } from './result-file.ts';
import type { WriterParameters } from './settings.ts';

/** Where the children's results go. */
export interface Results {
  /** A promise if the next child should wait. */
  add(result: ChildResult): Promise<void> | undefined;
  addPending(input: Json): Promise<void> | undefined;
  /** Whether a redrive has to give the child's input again; what did not succeed runs anew then. */
  needsInput(result: ChildResult): boolean;
  /** Makes complete what was written, for a Map Run that failed too. */
  close(): Promise<void>;
  /** The state's output, after `close`. Throws if it is too large. */
  output(): Json;
  /** Leaves nothing behind that is not complete. */
  discard(): Promise<void>;
}

/** Without a transformation a result has its input in it. */
function needsInput({ status }: ChildResult, { transformation }: ResultWriter): boolean {
  return status === 'SUCCEEDED' && transformation === 'NONE';
}

/** What a result becomes: itself, the child's output, or the elements of an output that is an array. */
function transformed(result: ChildResult, kind: ChildKind, writer: ResultWriter): readonly Json[] {
  const { status, output } = result;
  if (status !== 'SUCCEEDED' || output === undefined || writer.transformation === 'NONE') {
    return [resultRecord(result, kind)];
  }
  return writer.transformation === 'FLATTEN' && isArray(output) ? output : [output];
}

/** The results as the state's output, in the order of the children. */
export class OutputResults implements Results {
  readonly #writer: ResultWriter;
  readonly #kind: ChildKind;
  readonly #stateName: string;
  readonly #values: (readonly Json[] | undefined)[] = [];
  #bytes = 0;

  constructor(writer: ResultWriter, kind: ChildKind, stateName: string) {
    this.#writer = writer;
    this.#kind = kind;
    this.#stateName = stateName;
  }

  add(result: ChildResult): undefined {
    if (this.#isTooLarge) return;
    const values = transformed(result, this.#kind, this.#writer);
    for (const value of values) this.#bytes += byteLength(value) + 1;
    this.#values[result.index] = values;
    // What no output can hold is not kept either.
    if (this.#isTooLarge) this.#values.length = 0;
  }

  addPending(): undefined {}

  needsInput(result: ChildResult): boolean {
    return needsInput(result, this.#writer);
  }

  get #isTooLarge(): boolean {
    return this.#bytes > PAYLOAD_LIMIT;
  }

  async close(): Promise<void> {}

  output(): Json {
    if (this.#isTooLarge) throw new StateError('States.DataLimitExceeded', resultTooLarge(this.#stateName));
    const values = this.#values.flatMap((part) => part ?? []);
    if (this.#writer.outputType === 'JSON') return values;
    return values.map((value) => `${JSON.stringify(value)}\n`).join('');
  }

  async discard(): Promise<void> {}
}

/** The results as objects, in the order in which the children ended, and a manifest that names them. */
export class ObjectResults implements Results {
  readonly #objects: ObjectStore;
  readonly #bucket: string;
  readonly #folder: string;
  readonly #writer: ResultWriter;
  readonly #kind: ChildKind;
  readonly #mapRunArn: string;
  readonly #written: (items: number) => void;
  readonly #files: Record<'SUCCEEDED' | 'FAILED' | 'PENDING', ResultFiles>;

  /** @param written told of each result that was handed to the store */
  constructor(
    objects: ObjectStore,
    { bucket, prefix }: WriterParameters,
    writer: ResultWriter,
    kind: ChildKind,
    { mapRunArn, id }: MapRunIdentity,
    written: (items: number) => void,
  ) {
    if (bucket === undefined) throw writerFailed('The field Bucket of the ResultWriter is required.');
    this.#objects = objects;
    this.#bucket = bucket;
    const path = prefix?.replace(/\/$/, '') ?? '';
    this.#folder = path === '' ? id : `${path}/${id}`;
    this.#writer = writer;
    this.#kind = kind;
    this.#mapRunArn = mapRunArn;
    this.#written = written;
    this.#files = {
      SUCCEEDED: this.#filesOf('SUCCEEDED'),
      FAILED: this.#filesOf('FAILED'),
      PENDING: this.#filesOf('PENDING'),
    };
  }

  #filesOf(name: string): ResultFiles {
    const { outputType } = this.#writer;
    const keyOf = (index: number) => `${this.#folder}/${name}_${index}.${outputType.toLowerCase()}`;
    return new ResultFiles(this.#objects, this.#bucket, keyOf, outputType);
  }

  add(result: ChildResult): Promise<void> | undefined {
    const files = result.status === 'SUCCEEDED' ? this.#files.SUCCEEDED : this.#files.FAILED;
    let waiting: Promise<void> | undefined;
    for (const value of transformed(result, this.#kind, this.#writer)) {
      const json = JSON.stringify(value);
      // The texts of one result are few; only the store's last word on them is waited for.
      waiting =
        waiting === undefined ? this.#append(files, json) : waiting.then(() => this.#append(files, json));
    }
    this.#written(result.items);
    return waiting;
  }

  addPending(input: Json): Promise<void> | undefined {
    return this.#append(this.#files.PENDING, JSON.stringify(pendingRecord(input)));
  }

  needsInput(result: ChildResult): boolean {
    return needsInput(result, this.#writer);
  }

  #append(files: ResultFiles, json: string): Promise<void> | undefined {
    try {
      return files.append(json)?.catch(failWriter);
    } catch (error) {
      failWriter(error);
    }
  }

  async close(): Promise<void> {
    const { SUCCEEDED, FAILED, PENDING } = this.#files;
    try {
      await Promise.all([SUCCEEDED.close(), FAILED.close(), PENDING.close()]);
      const manifest: JsonObject = {
        DestinationBucket: this.#bucket,
        MapRunArn: this.#mapRunArn,
        ResultFiles: {
          FAILED: FAILED.entries.map((entry) => ({ ...entry })),
          PENDING: PENDING.entries.map((entry) => ({ ...entry })),
          SUCCEEDED: SUCCEEDED.entries.map((entry) => ({ ...entry })),
        },
      };
      const at = { bucket: this.#bucket, key: this.#manifestKey };
      await this.#objects.put(at, bytesOf(JSON.stringify(manifest)));
    } catch (error) {
      failWriter(error);
    }
  }

  output(): Json {
    const place = { Bucket: this.#bucket, Key: this.#manifestKey };
    return { MapRunArn: this.#mapRunArn, ResultWriterDetails: place };
  }

  get #manifestKey(): string {
    return `${this.#folder}/manifest.json`;
  }

  async discard(): Promise<void> {
    const { SUCCEEDED, FAILED, PENDING } = this.#files;
    await Promise.all([SUCCEEDED.discard(), FAILED.discard(), PENDING.discard()]);
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
}

function failWriter(error: unknown): never {
  throw error instanceof StateError ? error : writerFailed(reasonOf(error));
}

function writerFailed(cause: string): StateError {
  return new StateError('States.ResultWriterFailed', cause);
}
