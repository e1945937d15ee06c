import { daysInMonth, epochDays } from '@sluice/record-schema';

const DAY = 86_400_000;
/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: years outside are not taken, not even through an offset. */
const FIRST = -62_135_596_800_000;
const LAST = 253_402_300_799_999;
const MAX_OFFSET_MINUTES = 18 * 60;
const NEVER = Number.NaN;

/** The two digits at a place; NaN (which is in no range) if they are none. */
const two = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NEVER;
};

/** Days since 1970 of the date whose parts stand at these places; NaN if it is no date. */
export const dayAt = (text: string, yearAt: number, monthAt: number, dateAt: number): number => {
  const year = two(text, yearAt) * 100 + two(text, yearAt + 2);
  const month = two(text, monthAt);
  const date = two(text, dateAt);
  const isDate = year >= 1 && month >= 1 && month <= 12 && date >= 1 && date <= 31;
  if (!isDate || (date > 28 && date > daysInMonth(year, month))) return NEVER;
  return epochDays(year, month, date);
};

/** Milliseconds since midnight; NaN if it is no time. A place of −1: the format has no such part. */
export const timeAt = (text: string, hourAt: number, minuteAt: number, secondAt: number): number => {
  const hour = hourAt < 0 ? 0 : two(text, hourAt);
  const minute = minuteAt < 0 ? 0 : two(text, minuteAt);
  const second = secondAt < 0 ? 0 : two(text, secondAt);
  return hour <= 23 && minute <= 59 && second <= 59 ? ((hour * 60 + minute) * 60 + second) * 1000 : NEVER;
};

/** Epoch milliseconds; NaN if it is no instant. */
export const instant = (day: number, time: number): number => day * DAY + time;

const zoneMinutes = (text: string, at: number): number => {
  if (text.charCodeAt(at) === 90) return at + 1 === text.length ? 0 : NEVER;
  const sign = text.charCodeAt(at);
  if ((sign !== 43 && sign !== 45) || at + 6 !== text.length || text.charCodeAt(at + 3) !== 58) return NEVER;
  const minutes = two(text, at + 4);
  const offset = two(text, at + 1) * 60 + minutes;
  if (!(minutes <= 59 && offset <= MAX_OFFSET_MINUTES)) return NEVER;
  return sign === 45 ? -offset : offset;
};

/** Epoch milliseconds of `yyyy-MM-ddTHH:mm:ss[.f{1,3}](Z|±HH:mm)`; NaN if it is none, or its year in UTC is not. */
export const parseIso = (text: string): number => {
  if (
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  ) {
    return NEVER;
  }
  let at = 19;
  let millis = 0;
  if (text.charCodeAt(at) === 46) {
    at += 1;
    const first = at;
    for (let weight = 100; weight >= 1; weight /= 10) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      millis += digit * weight;
      at += 1;
    }
    if (at === first) return NEVER;
  }
  const local = instant(dayAt(text, 0, 5, 8), timeAt(text, 11, 14, 17)) + millis;
  const utc = local - zoneMinutes(text, at) * 60_000;
  return utc >= FIRST && utc <= LAST ? utc : NEVER;
};

/** Epoch milliseconds of a date's midnight. */
export const midnight = (date: string): number => dayAt(date, 0, 5, 8) * DAY;

/**
 * Year, month (1–12) or day of an instant: by Howard Hinnant's `civil_from_days`, in years that begin in March, so
 * that the leap day is the last. From year 1 on no number is negative, so `| 0` rounds down.
 */
const civil = (epochMs: number): readonly [year: number, month: number, day: number] => {
  const days = (Math.floor(epochMs / DAY) + 719_468) | 0;
  const era = (days / 146_097) | 0;
  const dayOfEra = (days - era * 146_097) | 0;
  const leapDays = (((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0)) | 0;
  const yearOfEra = ((dayOfEra - leapDays) / 365) | 0;
  const dayOfYear = (dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))) | 0;
  const shifted = ((5 * dayOfYear + 2) / 153) | 0;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const day = dayOfYear - (((153 * shifted + 2) / 5) | 0) + 1;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
};

export const yearOf = (epochMs: number): number => civil(epochMs)[0];
export const monthOf = (epochMs: number): number => civil(epochMs)[1];
export const dayOf = (epochMs: number): number => civil(epochMs)[2];
