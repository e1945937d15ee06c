import type { ProduceArguments } from './arguments.ts';
import type { DryStream } from './dry-stream.ts';
import { closingLine, type Summary, shardLines } from './summary.ts';
import { count, plural, quoted } from './terminal.ts';

interface Telling {
  readonly args: ProduceArguments;
  /** The command line, to be said again. */
  readonly words: readonly string[];
  readonly dry: DryStream | null;
  /** The stream has told how many shards it has. */
  readonly wasAsked: boolean;
  /** It was stopped, and the same input goes on where it was. */
  readonly canGoOn: boolean;
}

/** Says how it ended, to people and, where they are wanted, to machines. */
export const tellSummary = (summary: Summary, { args, words, dry, wasAsked, canGoOn }: Telling): void => {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (args.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  const { failure } = summary;
  if (failure) {
    const tries = plural(failure.attempts, 'try', 'tries');
    say(`  the stream did not take record ${count(failure.number)}: ${failure.errorCode} after ${tries}`);
  }
  if (dry) for (const line of shardLines(dry, wasAsked)) say(line);
  const reasons = Object.entries(summary.refusedBy).map(([reason, times]) => `${reason} ${count(times)}`);
  if (reasons.length > 0) say(`  refused: ${reasons.join(', ')}`);
  say(`  ${closingLine(summary)}`);
  if (!canGoOn || dry) return;
  if (summary.checkpoint === null) {
    say(
      `  acknowledged up to record ${count(summary.acknowledged)}, but noted nowhere: --checkpoint FILE would`,
    );
    return;
  }
  say(`  acknowledged up to record ${count(summary.acknowledged)}; to go on behind it:`);
  say(`    pnpm produce ${words.map(quoted).join(' ')}`);
};
