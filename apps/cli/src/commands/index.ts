import type { Command } from '../command.ts';
import { exitCodeHelp } from '../exit-codes.ts';

interface Entry {
  readonly usage: string;
  readonly does: string;
  /** Each command loads its own engines, so that the others start at once. */
  readonly load: () => Promise<Command>;
}

export const commands: Readonly<Record<string, Entry>> = {
  demo: {
    usage: 'demo',
    does: 'make messy orders and take them through the lake',
    load: async () => (await import('./demo.ts')).demo,
  },
  run: {
    usage: 'run FILE --dataset D',
    does: 'take a file from the raw zone to published Parquet',
    load: async () => (await import('./run.ts')).run,
  },
  put: {
    usage: 'put FILE… --dataset D',
    does: 'put files into the raw zone, here or on AWS',
    load: async () => (await import('./put.ts')).put,
  },
  dev: {
    usage: 'dev',
    does: 'all of it on this machine: a stream, an HTTP API and an inbox, until Ctrl-C',
    load: async () => (await import('./dev.ts')).dev,
  },
  redrive: {
    usage: 'redrive RUN',
    does: 'go on with a run that failed, was stopped or was killed',
    load: async () => (await import('./redrive.ts')).redrive,
  },
  runs: {
    usage: 'runs',
    does: 'list the runs of the lake',
    load: async () => (await import('./runs.ts')).runs,
  },
  show: {
    usage: 'show RUN',
    does: 'what happened in a run',
    load: async () => (await import('./show.ts')).show,
  },
  quarantine: {
    usage: 'quarantine [ls|show …]',
    does: 'what could not be taken, and how it is replayed once it is mended',
    load: async () => (await import('./quarantine.ts')).quarantine,
  },
  query: {
    usage: 'query SQL',
    does: 'ask the lake: each dataset is a table, so are runs and quarantine',
    load: async () => (await import('./query.ts')).query,
  },
  plan: {
    usage: 'plan FILE --dataset D',
    does: 'what a file would take on AWS: time, cost, limits',
    load: async () => (await import('./plan.ts')).plan,
  },
  datasets: {
    usage: 'datasets [D]',
    does: 'list the datasets, or describe one',
    load: async () => (await import('./datasets.ts')).datasetsCommand,
  },
};

export const generalHelp = `sluice COMMAND

A data lake on this machine: the state machine and the code that run on AWS, with folders for buckets.

Commands
${Object.values(commands)
  .map(({ usage, does }) => `  ${usage.padEnd(22)} ${does}`)
  .join('\n')}

Every command takes --lake DIR (default: .lake), --json and --help.
NO_COLOR=1 turns colours off, SLUICE_DEBUG=1 prints where an error comes from.

${exitCodeHelp}
`;
