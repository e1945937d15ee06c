import { parseArguments } from '../../src/command.ts';
import { commands } from '../../src/commands/index.ts';
import { openTerminal } from '../../src/terminal/terminal.ts';

/** Runs a command as `sluice` does, without a process of its own. */
export const commandInProcess = async (name: string, args: readonly string[]) => {
  let [stdout, stderr] = ['', ''];
  const { stdout: nowhere, stderr: either } = process;
  const plain = { stdout: nowhere, stderr: either, env: { TERM: 'dumb' } };
  const terminal = {
    ...openTerminal(plain, new AbortController().signal),
    out: (text: string) => {
      stdout += text;
    },
    err: (text: string) => {
      stderr += text;
    },
  };
  const command = await commands[name]?.load();
  const parsed = command && parseArguments(name, command, args);
  if (!command || !parsed) throw new Error(`sluice ${name} runs nothing`);
  return { code: await command.run(parsed, terminal), stdout, stderr };
};
