/** What a process that started `pnpm produce` can tell from its exit code. The table in README.md repeats this one. */
export const EXIT = {
  ok: 0,
  /** The stream, the network, the disk, or an input that breaks off in its middle. */
  fault: 1,
  /** The command line cannot be carried out: an unknown option, dataset or file, a checkpoint of another input. */
  usage: 2,
  /** Everything is read, and what was taken is sent, but some records were refused. */
  refused: 3,
  /** Ctrl-C; a TERM signal gives 143. */
  interrupted: 130,
  terminated: 143,
} as const;

/** Something that the user can put right. The message is one line: what, where, what to do. */
export class ProduceError extends Error {
  override readonly name = 'ProduceError';
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
  return text.replace(/\p{Cc}+/gu, ' ').trim();
};
