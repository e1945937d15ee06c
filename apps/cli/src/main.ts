#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { CliError, oneLine } from './cli-error.ts';
import { helpOf, parseArguments } from './command.ts';
import { commands, generalHelp } from './commands/index.ts';
import { didYouMean } from './did-you-mean.ts';
import { EXIT } from './exit-codes.ts';
import { openTerminal } from './terminal/terminal.ts';

// Half of a short run is the loading of modules.
enableCompileCache();
// V8 lets the heap grow to four times what lives in it. Twice takes no longer, and a hundred megabytes less.
setFlagsFromString('--heap-growing-percent=100');

const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: 143 } as const;

const main = async (args: readonly string[]): Promise<number> => {
  const stop = new AbortController();
  let stopped: keyof typeof SIGNALS | null = null;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopped = signal;
      stop.abort(new CliError('stopped; run the same command again to finish the job', SIGNALS[signal]));
    });
  }
  // A reader that has seen enough, such as `head`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
  });
  const terminal = openTerminal(process, stop.signal);
  try {
    const code = await dispatch(args, terminal);
    return stopped === null ? code : SIGNALS[stopped];
  } catch (error) {
    terminal.err(`${terminal.paint.bad('sluice:')} ${oneLine(error)}\n`);
    if (process.env.SLUICE_DEBUG) console.error(error);
    if (stopped !== null) return SIGNALS[stopped];
    return error instanceof CliError ? error.exitCode : EXIT.fault;
  }
};

const dispatch = async (
  [name, ...rest]: readonly string[],
  terminal: ReturnType<typeof openTerminal>,
): Promise<number> => {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(generalHelp);
    return EXIT.ok;
  }
  const load = Object.hasOwn(commands, name) ? commands[name]?.load : undefined;
  if (!load) {
    const hint = didYouMean(name, Object.keys(commands));
    throw new CliError(`there is no command ${JSON.stringify(name)}${hint || '; see: sluice --help'}`);
  }
  const command = await load();
  const parsed = parseArguments(name, command, rest);
  if (!parsed) {
    terminal.out(helpOf(command));
    return EXIT.ok;
  }
  return command.run(parsed, terminal);
};

const code = await main(process.argv.slice(2));
// What was stopped may still hold threads that nobody waits for any more.
if (code === EXIT.interrupted || code === 143) process.exit(code);
process.exitCode = code;
