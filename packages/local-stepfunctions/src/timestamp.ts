// RFC 3339 as the States Language narrows it: capital T, capital Z or an offset, real calendar days.
const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Nanoseconds since the epoch, or undefined if the text is no timestamp. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  // Not Date.UTC, which takes years below 100 for 19xx.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second);
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  if (offsetMinutes > 59 || offsetHours * 60 + offsetMinutes > 18 * 60) return undefined;
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  const nanoseconds = BigInt((match[7] ?? '').padEnd(9, '0'));
  return BigInt(date.getTime() - offset) * 1_000_000n + nanoseconds;
}

/**
 * A timestamp of the context object: "When a timestamp has zero fractional seconds, Step Functions removes trailing
 * zeros" (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html).
 */
export function contextTimestamp(date: Date): string {
  const text = date.toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}
