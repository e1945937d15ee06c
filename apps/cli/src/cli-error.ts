import { EXIT } from './exit-codes.ts';
import { printable } from './terminal/printable.ts';

/** Something that the user can put right. The message is one line: what, where, what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.usage, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The `code` of an operating system error, such as `ENOENT`. */
export const errnoOf = (error: unknown): string | undefined => {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
};

/** Any error as one line. */
export const oneLine = (error: unknown): string => {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return printable(text.replace(/\s*\n\s*/g, ' ').trim());
};
