import { parseFilter } from './filter.ts';
import { Cursor, type JsonPath, type Segment } from './syntax.ts';

/**
 * A name behind a dot, in which a backslash makes any character one of the name: `$.store\.book`. In a filter it
 * ends at an operator, which may stand without blanks.
 */
const NAMES = {
  field: /(?:\\\S|[^\s.[\]()\\])+/y,
  // Of an intrinsic call: other signs need "the square bracket notation" there, says AWS's guide.
  argument: /[\p{L}\p{N}\p{M}_]+/uy,
  filter: /(?:\\\S|[^\s.[\](),'"*?=<>!&|\\])+/y,
};
type Place = keyof typeof NAMES;

const INTEGER = /-?\d{1,9}/y;
const VARIABLE = /\p{ID_Start}\p{ID_Continue}*/uy;

/** Reads a whole text as a path. Throws ExpressionSyntaxError. */
export function parseJsonPath(text: string): JsonPath {
  const cursor = new Cursor(text);
  const path = parsePathAt(cursor, 'field');
  if (!cursor.atEnd) throw cursor.error(`unexpected '${cursor.current}'`);
  return path;
}

/** Reads the path that starts at the cursor and leaves the cursor behind it. */
export function parsePathAt(cursor: Cursor, place: Place): JsonPath {
  const start = cursor.position;
  if (!cursor.take('$')) throw cursor.error("a path starts with '$'");
  const onContext = cursor.take('$');
  const variable = onContext ? undefined : cursor.takeMatch(VARIABLE);
  if (variable === 'states') throw cursor.error('$states exists in JSONata only; here it is $ or $$');
  return readSteps(cursor, place, start, onContext, variable);
}

function readSteps(
  cursor: Cursor,
  place: Place,
  start: number,
  onContext: boolean,
  variable: string | undefined,
): JsonPath {
  const segments = parseSegments(cursor, place);
  const source = cursor.text.slice(start, cursor.position);
  return { source, onContext, variable, segments, definite: isDefinite(segments) };
}

function parseSegments(cursor: Cursor, place: Place): Segment[] {
  const segments: Segment[] = [];
  for (;;) {
    if (cursor.take('..')) {
      segments.push({ kind: 'descend' }, cursor.current === '[' ? bracket(cursor) : dotName(cursor, place));
    } else if (cursor.take('.')) {
      // `$.[0]` is read as `$[0]`, as on AWS.
      segments.push(cursor.current === '[' ? bracket(cursor) : dotName(cursor, place));
    } else if (cursor.current === '[') {
      segments.push(bracket(cursor));
    } else {
      return segments;
    }
  }
}

function isDefinite(segments: readonly Segment[]): boolean {
  return segments.every(
    (segment, index) =>
      segment.kind === 'name' ||
      segment.kind === 'index' ||
      (segment.kind === 'names' && index === segments.length - 1),
  );
}

function dotName(cursor: Cursor, place: Place): Segment {
  if (cursor.take('*')) return { kind: 'wildcard' };
  const name = cursor.takeMatch(NAMES[place]);
  if (name === undefined) throw cursor.error('expected a field name');
  if (cursor.current === '(') throw cursor.error(`the path function ${name}() is not supported`);
  return { kind: 'name', name: name.replace(/\\(.)/gsu, '$1') };
}

function bracket(cursor: Cursor): Segment {
  cursor.expect('[');
  cursor.skipBlanks();
  const segment = bracketContent(cursor);
  cursor.skipBlanks();
  cursor.expect(']');
  return segment;
}

function bracketContent(cursor: Cursor): Segment {
  if (cursor.take('*')) return { kind: 'wildcard' };
  if (cursor.take('?')) return { kind: 'filter', test: parseFilter(cursor, operandPath) };
  if (cursor.current === "'" || cursor.current === '"') {
    const names = separated(cursor, () => {
      if (cursor.current !== "'" && cursor.current !== '"') throw cursor.error('expected a quoted name');
      return cursor.quoted();
    });
    const [name] = names;
    return names.length === 1 && name !== undefined ? { kind: 'name', name } : { kind: 'names', names };
  }
  const from = integer(cursor);
  cursor.skipBlanks();
  if (cursor.take(':')) {
    cursor.skipBlanks();
    const to = integer(cursor);
    cursor.skipBlanks();
    if (cursor.current === ':') throw cursor.error('a slice has no step');
    return { kind: 'slice', from, to };
  }
  if (from === undefined) throw cursor.error("expected an index, a slice, a quoted name, '*' or a filter");
  if (cursor.current !== ',') return { kind: 'index', index: from };
  cursor.expect(',');
  cursor.skipBlanks();
  const others = separated(cursor, () => {
    const index = integer(cursor);
    if (index === undefined) throw cursor.error('expected an index');
    return index;
  });
  return { kind: 'indexes', indexes: [from, ...others] };
}

function operandPath(cursor: Cursor): JsonPath {
  return readSteps(cursor, 'filter', cursor.position - 1, false, undefined);
}

function integer(cursor: Cursor): number | undefined {
  const digits = cursor.takeMatch(INTEGER);
  return digits === undefined ? undefined : Number(digits);
}

function separated<T>(cursor: Cursor, read: () => T): T[] {
  const values = [read()];
  for (;;) {
    cursor.skipBlanks();
    if (!cursor.take(',')) return values;
    cursor.skipBlanks();
    values.push(read());
  }
}
