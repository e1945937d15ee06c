import type { DefinitionProblem } from '../errors.ts';
import { isObject } from '../json.ts';
import type { FieldReader } from './field-reader.ts';

// https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html: the rules of Unicode's
// Standard Annex 31 for identifiers, and at most 80 characters.
const NAME = /^\p{ID_Start}\p{ID_Continue}*$/u;
const MAX_NAME_LENGTH = 80;

/** The names that the states of one graph assign, and where. */
export class VariableNames {
  readonly #outer: VariableNames | undefined;
  readonly #paths = new Map<string, string[]>();
  readonly #inner: VariableNames[] = [];

  constructor(outer?: VariableNames) {
    this.#outer = outer;
    if (outer !== undefined) outer.#inner.push(this);
  }

  /**
   * Checks the names that Assign gives values to; in JSONPath they may end in `.$`. False if there are none:
   * then nothing is assigned, and no event tells of it.
   */
  read(reader: FieldReader, jsonPath: boolean): boolean {
    const assign = reader.value('Assign');
    if (assign === undefined) return false;
    if (!isObject(assign)) {
      reader.report('Assign', 'must be an object');
      return false;
    }
    const keys = Object.keys(assign);
    for (const key of keys) {
      const name = jsonPath && key.endsWith('.$') ? key.slice(0, -2) : key;
      const problem = problemOf(name);
      if (problem !== undefined) reader.report('Assign', problem);
      this.#paths.set(name, [...(this.#paths.get(name) ?? []), `${reader.path}/Assign`]);
    }
    return keys.length > 0;
  }

  /** Names that a graph and one around it assign: an inner state cannot change what an outer one sees. */
  problems(): DefinitionProblem[] {
    const own = [...this.#paths].flatMap(([name, paths]) =>
      this.#outer?.knows(name) === true
        ? paths.map((path) => ({
            path,
            message: `the variable '${name}' belongs to a state outside of this one`,
          }))
        : [],
    );
    return [...own, ...this.#inner.flatMap((inner) => inner.problems())];
  }

  private knows(name: string): boolean {
    return this.#paths.has(name) || this.#outer?.knows(name) === true;
  }
}

function problemOf(name: string): string | undefined {
  if (name === 'states') return "the variable 'states' is reserved";
  if (!NAME.test(name)) return `'${name}' is no name of a variable`;
  if (name.length > MAX_NAME_LENGTH) return `a variable's name has at most ${MAX_NAME_LENGTH} characters`;
  return undefined;
}
