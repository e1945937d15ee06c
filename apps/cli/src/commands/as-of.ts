import { CliError } from '../cli-error.ts';

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** `--as-of` in UTC. A day stands for its beginning; a time needs its zone. */
export const parseAsOf = (text: string): string => {
  const moment = MOMENT.test(text) ? new Date(text) : null;
  // Date takes 30 February for 1 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const isReal = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  if (!moment || Number.isNaN(moment.getTime()) || !isReal) {
    throw new CliError(
      `--as-of ${JSON.stringify(text)} is no moment; write 2025-06-30 or 2025-06-30T12:00:00Z`,
    );
  }
  return moment.toISOString();
};
