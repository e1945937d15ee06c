import { Logger } from '@aws-lambda-powertools/logger';
import { type OutcomeName, outcomes } from './outcomes.ts';

/** Names, counts, ids and codes. Nested values are not allowed: they would be a way for records to get into logs. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Writes the one line that says how the invocation ended. */
export type Log = (outcome: OutcomeName, fields?: LogFields) => void;

// Enough for any name or code of ours, too short for a record.
const maxTextLength = 300;

/** Structured logging; keys added with `addKeys` are in every line until `reset`. */
export function outcomeLog(service: string) {
  const logger = new Logger({ serviceName: service });
  const log: Log = (outcome, fields = {}) => logger[outcomes[outcome]](outcome, shortened(fields));
  return {
    log,
    /**
     * Only the error's name and the places in our code: its message may quote a record, and the Lambda runtime reports
     * it anyway, to the caller and to the log.
     */
    fault(error: Error): void {
      logger.error('failed', { errorName: error.name, stack: framesOf(error) });
    },
    addKeys: (fields: LogFields): void => logger.appendKeys(shortened(fields)),
    reset: (): void => logger.resetKeys(),
  };
}

function shortened(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > maxTextLength ? `${value.slice(0, maxTextLength)}…` : value,
    ]),
  );
}

function framesOf(error: Error): string[] {
  const lines = error.stack?.split('\n') ?? [];
  return lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
}
