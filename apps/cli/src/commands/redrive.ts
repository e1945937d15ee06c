import { CliError } from '../cli-error.ts';
import type { Command } from '../command.ts';
import { findRun } from '../lake/find-run.ts';
import { openLake } from '../lake/open-lake.ts';
import { enginesOf } from '../run/choose-engine.ts';
import { redriveRun } from '../run/redrive-run.ts';
import { watchRun } from '../terminal/watch-run.ts';
import { tellRun } from './tell-run.ts';

export const redrive: Command = {
  usage: 'redrive RUN',
  summary:
    'Goes on with a run that failed, was stopped or was killed. What it has done is not done again: of a Distributed Map only the batches that failed or were never started are run.',
  details: `RUN is a run id, or as much of its beginning as no other run shares. The run goes on by the state machine that it was
started with. A run that has succeeded, or whose object was refused, is over.

With --env it is a run of a deployed lake: the whole run id, with your own AWS credentials, as the AWS CLI takes them. They
need states:DescribeExecution, states:RedriveExecution, states:ListMapRuns and states:DescribeMapRun.

PSEUDONYM_KEY is the key for datasets that pseudonymise; it has to be the one that the run was started with.`,
  options: {
    env: { type: 'string', value: 'E', help: 'redrive on AWS, in dev, staging or prod' },
    'no-wait': { type: 'boolean', help: 'with --env: do not wait for the end' },
  },
  positionals: [1, 1],
  run: async ({ positionals: [prefix = ''], lake: folder, json, text, flag }, terminal) => {
    const environment = text('env');
    const wait = !flag('no-wait');
    if (environment !== undefined) {
      const { redriveOnAws } = await import('./redrive-on-aws.ts');
      return redriveOnAws(environment, prefix, { wait, json }, terminal);
    }
    if (!wait) throw new CliError('--no-wait is for --env; here nobody else goes on');
    const lake = await openLake(folder);
    const found = await findRun(lake, prefix);
    const watcher = watchRun(terminal);
    try {
      const { dataset, ...finished } = await redriveRun({
        lake,
        found,
        pseudonymKey: terminal.env.PSEUDONYM_KEY,
        engines: enginesOf('auto', terminal.env, (line) => terminal.err(`  ${line}\n`)),
        signal: terminal.signal,
        watcher,
      });
      watcher.done();
      return await tellRun(lake, dataset, finished, { json }, terminal);
    } finally {
      watcher.done();
    }
  },
};
