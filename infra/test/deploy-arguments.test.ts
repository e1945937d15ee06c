import { describe, expect, test } from '@jest/globals';
import { help, parseArguments } from '../src/deploy/arguments.ts';

const environments = ['dev', 'staging', 'prod'];
const parse = (...args: string[]) => parseArguments(args, environments);

test.each(['deploy', 'diff', 'destroy'])('%s takes an environment', (command) => {
  expect(parse(command, 'staging')).toEqual({ command, environment: 'staging', yes: false });
});

test.each([[['--yes', 'deploy', 'dev']], [['deploy', '--yes', 'dev']], [['deploy', 'dev', '--yes']]])(
  '%j asks nothing, wherever --yes stands',
  (args) => {
    expect(parse(...args)).toEqual({ command: 'deploy', environment: 'dev', yes: true });
  },
);

test.each([[['--help']], [['deploy', '--help']], [['deploy', 'dev', '-h']]])(
  '%j is a request for help',
  (args) => {
    expect(parse(...args)).toBe('help');
  },
);

test('synth is for all environments', () => {
  expect(parse('synth')).toBe('synth');
  expect(() => parse('synth', 'dev')).toThrow('synth writes all environments, and takes no name.');
});

test('help knows the environments', () => {
  expect(help(environments)).toContain('ENVIRONMENT is dev, staging, prod.');
});

describe('one line tells what is wrong', () => {
  test.each([
    [[], 'What to do? synth, deploy, diff, destroy; see --help.'],
    [['apply', 'dev'], 'There is no command "apply"; there are synth, deploy, diff, destroy.'],
    [['deploy'], 'Which environment? pnpm run deploy dev|staging|prod'],
    [['deploy', 'production'], 'There is no environment "production"; there are dev, staging, prod.'],
    [['destroy', 'dev', 'prod'], 'One environment at a time: dev prod.'],
    [['destroy', 'dev', '--force'], "Unknown option '--force'; see --help."],
  ])('%j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
