import type { ValueType } from '../expression-types.ts';
import type { Field } from '../field-rules.ts';
import type { MomentFormat } from '../moments.ts';

/** `decimal(12,2)`, `text`. */
export const typeWord = (of: ValueType): string =>
  of.type === 'decimal' ? `decimal(${of.precision},${of.scale})` : of.type;

/** The format as its author wrote it. */
const formatWord = (format: MomentFormat): string => {
  if (format.kind === 'iso') return 'yyyy-MM-ddTHH:mm:ss[.SSS](Z|±HH:mm)';
  const pieces = [
    ...Object.entries(format.parts).map(([name, at]) => ({ at, char: name })),
    ...format.literals,
  ];
  return pieces
    .sort((a, b) => a.at - b.at)
    .map((piece) => piece.char)
    .join('');
};

/** `2026-01-31 23:59:59` of epoch milliseconds. */
const secondWord = (instant: number): string =>
  new Date(instant).toISOString().slice(0, 19).replace('T', ' ');

const code = (value: string | number | boolean): string => `\`${value}\``;

const boundWords = <V>(
  { min, max }: { readonly min: V | null; readonly max: V | null },
  word: (value: V) => string | number,
): string[] => [
  ...(min === null ? [] : [`at least ${code(word(min))}`]),
  ...(max === null ? [] : [`at most ${code(word(max))}`]),
];

const typeWords = (field: Field): string[] => {
  switch (field.type) {
    case 'text':
      return [
        ...(field.json ? ['JSON'] : []),
        ...(field.trim ? ['trimmed'] : []),
        ...(field.upper ? ['in upper case'] : []),
        ...(field.lower ? ['in lower case'] : []),
        ...(field.oneOf ? [`one of ${field.oneOf.map(code).join(', ')}`] : []),
        ...(field.pattern === null ? [] : [`matches ${code(field.pattern)}`]),
        ...(field.maxLength === null ? [] : [`at most ${field.maxLength} characters`]),
      ];
    case 'double':
    case 'integer':
    case 'decimal':
      return boundWords<string | number>(field, (value) => value);
    case 'boolean':
      return [];
    case 'date':
      return [
        `as ${field.formats.map(formatWord).map(code).join(' or ')}`,
        ...boundWords(field, (day) => day),
      ];
    case 'timestamp':
      return [
        `as ${field.formats.map(formatWord).map(code).join(' or ')}, UTC`,
        ...boundWords(field, secondWord),
      ];
  }
};

/** What the reader does with a field and demands of it, as short phrases. */
export const constraintWords = (field: Field): readonly string[] => [
  ...(field.required ? ['required'] : []),
  ...typeWords(field),
  ...(field.default === null
    ? []
    : [`default ${code(field.type === 'timestamp' ? secondWord(field.default) : field.default)}`]),
  ...(field.onInvalid === 'null' ? ['null if invalid'] : []),
];
