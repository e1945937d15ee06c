import { open } from 'node:fs/promises';
import type { Refusal } from './prepare-record.ts';
import { EXIT, oneLine, ProduceError } from './produce-error.ts';

const MOST_TOLD = 20;

export interface Refusals {
  readonly add: (record: number, reason: Refusal) => void;
  readonly byReason: () => Readonly<Record<string, number>>;
  /** Writes what is still to be written. */
  readonly close: () => Promise<void>;
}

/** Tells of refused records by number and reason, never by content: some on the screen, all of them in a file, if one is named. */
export const openRefusals = async (
  file: string | null,
  { append, say }: { readonly append: boolean; readonly say: (text: string) => void },
): Promise<Refusals> => {
  const cannot = (error: unknown) =>
    new ProduceError(`${file} cannot be written: ${oneLine(error)}`, EXIT.fault, error);
  const handle =
    file === null
      ? null
      : await open(file, append ? 'a' : 'w').catch((error: unknown) => {
          throw cannot(error);
        });
  const stream = handle?.createWriteStream();
  let fault: unknown = null;
  stream?.on('error', (error) => {
    fault = error;
  });
  const reasons = new Map<string, number>();
  let told = 0;
  return {
    add: (record, reason) => {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      stream?.write(`${JSON.stringify({ record, reason })}\n`);
      told += 1;
      if (told <= MOST_TOLD) say(`  record ${record} refused: ${reason}`);
      if (told !== MOST_TOLD + 1) return;
      say(
        file === null
          ? '  and more; --refused FILE notes all of them'
          : `  and more; all of them are in ${file}`,
      );
    },
    byReason: () => Object.fromEntries(reasons),
    close: async () => {
      await new Promise<void>((resolve) => (stream ? stream.end(() => resolve()) : resolve()));
      if (fault !== null) throw cannot(fault);
    },
  };
};
