import { isArray, isObject, type Json, type JsonArray } from '../json.ts';
import { ArgumentError, textAt } from './arguments.ts';

const PART = /\{\}|\\[{}\\']|[^{\\]+|[{\\]/g;

/** States.Format: each `{}` of the template takes the next argument; `\{`, `\}` and `\\` are literal. */
export function format(args: JsonArray): string {
  const template = textAt(args, 0);
  const values = args.slice(1);
  let used = 0;
  const text = template.replace(PART, (part) => {
    if (part !== '{}') return part.length === 2 && part.startsWith('\\') ? part.slice(1) : part;
    const value = values[used];
    used += 1;
    return value === undefined ? '' : displayText(value);
  });
  if (used !== values.length) {
    throw new ArgumentError(`the template has ${used} places for ${values.length} values`);
  }
  return text;
}

/** Texts as they are; objects and arrays as AWS shows them: `{a=1, b=[x, y]}`. */
function displayText(value: Json): string {
  if (isArray(value)) return `[${value.map(displayText).join(', ')}]`;
  if (!isObject(value)) return String(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${key}=${displayText(member)}`)
    .join(', ')}}`;
}
