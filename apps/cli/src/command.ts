import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import { CliError } from './cli-error.ts';
import { exitCodeHelp } from './exit-codes.ts';
import { DEFAULT_LAKE } from './lake/default-lake.ts';
import type { Terminal } from './terminal/terminal.ts';

interface Option {
  readonly type: 'string' | 'boolean';
  /** How the value is called in the help. */
  readonly value?: string;
  readonly help: string;
}

/** The values of one command line. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly lake: string;
  readonly json: boolean;
  readonly text: (option: string) => string | undefined;
  readonly flag: (option: string) => boolean;
}

export interface Command {
  /** Without the program's name: `run FILE --dataset D`. */
  readonly usage: string;
  readonly summary: string;
  /** Whatever the summary leaves open, in paragraphs. */
  readonly details: string;
  readonly options: Readonly<Record<string, Option>>;
  /** The fewest and the most arguments that are no options. */
  readonly positionals: readonly [fewest: number, most: number];
  /** Returns the exit code. */
  readonly run: (args: Arguments, terminal: Terminal) => Promise<number>;
}

const common: Readonly<Record<string, Option>> = {
  lake: { type: 'string', value: 'DIR', help: 'the folder of the lake (default: .lake)' },
  json: { type: 'boolean', help: 'print one JSON document on standard output' },
  help: { type: 'boolean', help: 'print this' },
};

export const helpOf = ({ usage, summary, details, options }: Command): string => {
  const lines = Object.entries({ ...options, ...common }).map(([name, { value, help }]) => {
    const left = `--${name}${value === undefined ? '' : ` ${value}`}`;
    return `  ${left.padEnd(18)} ${help}`;
  });
  return `sluice ${usage}\n\n${summary}\n\n${details}\n\nOptions\n${lines.join('\n')}\n\n${exitCodeHelp}`;
};

/** The arguments of a command; null if its help is wanted. Throws CliError with what is wrong. */
export const parseArguments = (name: string, command: Command, args: readonly string[]): Arguments | null => {
  const seeHelp = `see: sluice ${name} --help`;
  const options: Record<string, ParseArgsOptionDescriptor> = {};
  for (const [option, { type }] of Object.entries({ ...command.options, ...common }))
    options[option] = { type };
  const parsed = (() => {
    try {
      return parseArgs({
        args: [...args],
        options: { ...options, help: { type: 'boolean', short: 'h' } },
        allowPositionals: true,
      });
    } catch (error) {
      // Node's message goes on with advice for programmers.
      const [first = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
      throw new CliError(`${first.replace(/\.$/, '')}; ${seeHelp}`);
    }
  })();
  const { positionals } = parsed;
  const values: Readonly<Record<string, unknown>> = parsed.values;
  if (values.help === true) return null;
  const [fewest, most] = command.positionals;
  if (positionals.length < fewest)
    throw new CliError(`something is missing: sluice ${command.usage}; ${seeHelp}`);
  if (positionals.length > most) {
    throw new CliError(
      `${JSON.stringify(positionals[most])} is too much: sluice ${command.usage}; ${seeHelp}`,
    );
  }
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  if (text('lake') === '') throw new CliError(`--lake needs a folder; ${seeHelp}`);
  return {
    positionals,
    lake: text('lake') ?? DEFAULT_LAKE,
    json: values.json === true,
    text,
    flag: (option) => values[option] === true,
  };
};
