import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** Where people are spoken to and asked. Standard output is Terraform's. */
export interface Terminal {
  /** Whether somebody can answer. */
  readonly interactive: boolean;
  say(line: string): void;
  /** The line that they typed; null if they left with Ctrl-C or Ctrl-D. */
  ask(question: string): Promise<string | null>;
}

export const openTerminal = ({ stdin, stderr }: Pick<NodeJS.Process, 'stdin' | 'stderr'>): Terminal => ({
  interactive: stdin.isTTY === true && stderr.isTTY === true,
  say: (line) => void stderr.write(`${line}\n`),
  ask: async (question) => {
    const lines = createInterface({ input: stdin, output: stderr });
    const left = once(lines, 'SIGINT').then(() => null);
    // Ctrl-D makes it throw.
    const answer = await Promise.race([lines.question(question).catch(() => null), left]);
    if (answer === null) stderr.write('\n');
    lines.close();
    return answer;
  },
});
