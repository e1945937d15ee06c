import type { DefinitionProblem } from '../errors.ts';
import { isArray, isObject, type Json, type JsonArray, type JsonObject, valueAt } from '../json.ts';
import type { StatesPart } from '../jsonata/expression.ts';
import { Query } from '../jsonata/query.ts';
import { parseJsonPath } from '../jsonpath/parse.ts';
import { ExpressionSyntaxError, type JsonPath } from '../jsonpath/syntax.ts';
import { compileTemplate, type Expression } from '../payload-template.ts';
import { languageOf, type QueryLanguage } from './query-language.ts';

/**
 * Reads the fields of one object of a definition. What is wrong is collected, not thrown; a field that
 * nobody asked for is a problem too, as on AWS.
 */
export class FieldReader {
  readonly path: string;
  readonly #object: JsonObject;
  readonly #problems: DefinitionProblem[];
  readonly #read = new Set<string>(['Comment']);

  constructor(object: JsonObject, path: string, problems: DefinitionProblem[]) {
    this.path = path;
    this.#object = object;
    this.#problems = problems;
    this.text('Comment');
  }

  has(field: string): boolean {
    return Object.hasOwn(this.#object, field);
  }

  report(field: string, message: string): void {
    this.#problems.push({ path: field === '' ? this.path : `${this.path}/${field}`, message });
  }

  /** Problems that were found elsewhere, with their own paths. */
  add(problems: readonly DefinitionProblem[]): void {
    this.#problems.push(...problems);
  }

  value(field: string): Json | undefined {
    this.#read.add(field);
    return valueAt(this.#object, field);
  }

  text(field: string): string | undefined {
    const value = this.value(field);
    if (value === undefined || typeof value === 'string') return value;
    this.report(field, 'must be a string');
    return undefined;
  }

  requiredText(field: string): string | undefined {
    if (!this.has(field)) this.report('', `the field ${field} is required`);
    return this.text(field);
  }

  number(field: string, smallest: number, largest: number): number | undefined {
    const value = this.value(field);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= smallest && value <= largest) return value;
    this.report(field, `must be a number from ${smallest} to ${largest}`);
    return undefined;
  }

  integer(field: string, smallest: number, largest = 99_999_999): number | undefined {
    const value = this.value(field);
    if (value === undefined) return undefined;
    if (Number.isInteger(value)) return this.number(field, smallest, largest);
    this.report(field, `must be an integer from ${smallest} to ${largest}`);
    return undefined;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[]): T | undefined {
    const value = this.value(field);
    const found = allowed.find((candidate) => candidate === value);
    if (value !== undefined && found === undefined) this.report(field, `must be ${allowed.join(' or ')}`);
    return found;
  }

  array(field: string): JsonArray {
    const value = this.value(field);
    if (isArray(value)) return value;
    if (value !== undefined) this.report(field, 'must be an array');
    return [];
  }

  object(field: string): FieldReader | undefined {
    const value = this.value(field);
    return value === undefined ? undefined : this.readerOf(value, field);
  }

  /** A reader for each object of an array. */
  objects(field: string): FieldReader[] {
    return this.array(field).flatMap((item, index) => this.readerOf(item, `${field}[${index}]`) ?? []);
  }

  /** A reader for each member. */
  members(): [name: string, reader: FieldReader][] {
    return Object.keys(this.#object).flatMap((name) => {
      const reader = this.object(name);
      return reader === undefined ? [] : [[name, reader]];
    });
  }

  private readerOf(value: Json, field: string): FieldReader | undefined {
    if (isObject(value)) return new FieldReader(value, `${this.path}/${field}`, this.#problems);
    this.report(field, 'must be an object');
    return undefined;
  }

  jsonPath(field: string, parse: (text: string) => JsonPath = parseJsonPath): JsonPath | undefined {
    const text = this.text(field);
    return text === undefined ? undefined : this.compiled(field, () => parse(text));
  }

  nullablePath(
    field: string,
    parse: (text: string) => JsonPath = parseJsonPath,
  ): JsonPath | null | undefined {
    if (this.value(field) === null) return null;
    const path = this.jsonPath(field, parse);
    if (path === undefined || path.onContext || path.variable !== undefined) return path;
    // `$` is what an absent path means.
    return path.segments.length === 0 ? undefined : path;
  }

  /** A payload template of any shape. */
  template(field: string): Expression | undefined {
    const value = this.value(field);
    return value === undefined ? undefined : compileTemplate(value, (message) => this.report(field, message));
  }

  /** "A Payload Template MUST be a JSON object" (states-language.net/spec.html#payload-template). */
  objectTemplate(field: string): Expression | undefined {
    const value = this.value(field);
    if (value === undefined || isObject(value)) return this.template(field);
    this.report(field, 'must be an object');
    return undefined;
  }

  /**
   * A field of a JSONata state. `$states.result` and `$states.errorOutput` exist in some only.
   *
   * @param location how errors at run time name the field; in rules and catchers relative to the state
   */
  query(field: string, visible: readonly StatesPart[] = [], location = field): Query | undefined {
    const value = this.value(field);
    if (value === undefined) return undefined;
    return new Query(value, {
      location,
      visible: new Set(visible),
      // Below the field the two paths are the same.
      report: (place, message) => this.report(`${field}${place.slice(location.length)}`, message),
    });
  }

  /** What `compile` gives, or undefined and a problem if the field's text cannot be read. */
  compiled<T>(field: string, compile: () => T): T | undefined {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof ExpressionSyntaxError)) throw error;
      this.report(field, error.message);
      return undefined;
    }
  }

  /** Reports fields that exclude each other; true if one is there. */
  exclusive(...fields: readonly string[]): boolean {
    const given = fields.filter((field) => this.has(field));
    if (given.length > 1) this.report('', `gives ${given.join(' and ')}, of which only one is allowed`);
    return given.length > 0;
  }

  /** Nothing can be said about the fields of an object that is not understood. */
  ignoreOtherFields(): void {
    for (const field of Object.keys(this.#object)) this.#read.add(field);
  }

  /** @param language of the state that the fields belong to */
  refuseOtherFields(language?: QueryLanguage): void {
    for (const field of Object.keys(this.#object)) {
      if (this.#read.has(field)) continue;
      const other = language === undefined ? undefined : languageOf(field);
      const belongs = other !== undefined && other !== language;
      this.report(field, belongs ? `is allowed in ${other} states only` : 'is not supported here');
    }
  }
}
