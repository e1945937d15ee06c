import type { FieldOf, MomentFormat } from '@sluice/record-schema';
import { literal } from './source-text.ts';

type Fixed = Extract<MomentFormat, { kind: 'fixed' }>;

/** Whether a text has the format's length and the characters between its parts. */
const hasShape = (of: string, format: Fixed): string =>
  [
    `${of}.length === ${literal(format.length)}`,
    ...format.literals.map(
      ({ at, char }) => `${of}.charCodeAt(${literal(at)}) === ${literal(char.charCodeAt(0))}`,
    ),
  ].join(' && ');

const places = (format: Fixed, ...parts: readonly (keyof Fixed['parts'])[]): string =>
  parts.map((part) => literal(format.parts[part] ?? -1)).join(', ');

/** Statements that set `into` to epoch milliseconds if the text `of` is in one of the formats, tried in order. */
export const readTimestamp = (of: string, into: string, field: FieldOf<'timestamp'>): string =>
  field.formats.reduceRight((otherwise, format) => {
    const read =
      format.kind === 'iso'
        ? `${into} = parseIso(${of});\n`
        : `${into} = ${hasShape(of, format)} ? instant(dayAt(${of}, ${places(format, 'yyyy', 'MM', 'dd')}), timeAt(${of}, ${places(format, 'HH', 'mm', 'ss')})) : NaN;\n`;
    return `${read}${otherwise && `if (${into} !== ${into}) {\n${otherwise}}\n`}`;
  }, '');

/** Statements that set `into` to `yyyy-MM-dd` if the text `of` is in one of the formats, tried in order. */
export const readDate = (of: string, into: string, field: FieldOf<'date'>): string =>
  field.formats.reduceRight((otherwise, format) => {
    if (format.kind === 'iso') throw new Error('the format iso is for timestamps');
    const part = (name: 'yyyy' | 'MM' | 'dd'): string => {
      const at = format.parts[name] ?? 0;
      return `${of}.slice(${literal(at)}, ${literal(at + name.length)})`;
    };
    // NaN, for no date, is above nothing.
    const test = `${hasShape(of, format)} && dayAt(${of}, ${places(format, 'yyyy', 'MM', 'dd')}) > -Infinity`;
    return `if (${test}) {\n${into} = ${part('yyyy')} + "-" + ${part('MM')} + "-" + ${part('dd')};\n}${otherwise && ` else {\n${otherwise}}`}\n`;
  }, '');
