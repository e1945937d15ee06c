import { StateError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

// https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html, "Limits":
/** Bytes that a variable may have, and all those of one Assign together. */
const ASSIGN_LIMIT = 262_144;
/** Bytes that all variables of an execution may have together. */
const EXECUTION_LIMIT = 10 * 1024 * 1024;

interface Variable {
  readonly value: Json;
  readonly bytes: number;
}

/** What the states of one graph have assigned, seen with what those around it have. */
export class Variables {
  readonly #outer: Variables | undefined;
  /** Bytes of all variables of the execution. */
  readonly #used: { bytes: number };
  #own: Map<string, Variable> | undefined;

  constructor(outer?: Variables) {
    this.#outer = outer;
    this.#used = outer === undefined ? { bytes: 0 } : outer.#used;
  }

  /** Undefined if nobody has assigned it yet. */
  get(name: string): Json | undefined {
    const variable = this.#own?.get(name);
    return variable === undefined ? this.#outer?.get(name) : variable.value;
  }

  /** Throws `States.DataLimitExceeded` if the values are too large to be assigned. */
  check(values: JsonObject): void {
    const bytes = Object.values(values).reduce<number>((sum, value) => sum + sizeOf(value), 0);
    if (bytes > ASSIGN_LIMIT) throw tooLarge('An Assign', ASSIGN_LIMIT);
    const replaced = Object.keys(values).reduce((sum, name) => sum + (this.#own?.get(name)?.bytes ?? 0), 0);
    if (this.#used.bytes + bytes - replaced > EXECUTION_LIMIT) {
      throw tooLarge('The variables of the execution', EXECUTION_LIMIT);
    }
  }

  /** Gives variables of this scope values that were checked. */
  assign(values: JsonObject): void {
    this.#own ??= new Map();
    for (const [name, value] of Object.entries(values)) {
      const bytes = sizeOf(value);
      this.#used.bytes += bytes - (this.#own.get(name)?.bytes ?? 0);
      this.#own.set(name, { value, bytes });
    }
  }

  /** Every variable that can be seen, by its name. */
  visible(): Record<string, Json> {
    const values = this.#outer?.visible() ?? {};
    for (const [name, { value }] of this.#own ?? []) values[name] = value;
    return values;
  }

  /** The graph has ended: its variables are gone. */
  close(): void {
    for (const { bytes } of this.#own?.values() ?? []) this.#used.bytes -= bytes;
    this.#own = undefined;
  }
}

function sizeOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function tooLarge(what: string, limit: number): StateError {
  return new StateError(
    'States.DataLimitExceeded',
    `${what} would have more than the maximum of ${limit} bytes.`,
  );
}
