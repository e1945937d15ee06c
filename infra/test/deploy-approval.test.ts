import { describe, expect, test } from '@jest/globals';
import { approvalFor, change } from '../src/deploy/approval.ts';
import type { Invocation } from '../src/deploy/arguments.ts';

const someone = { interactive: true };
const nobody = { interactive: false };

const invocation = (command: Invocation['command'], environment: string, yes = false): Invocation => ({
  command,
  environment,
  yes,
});

describe('who has to agree', () => {
  test.each([
    ['deploy', 'dev', 'terraform-asks'],
    ['deploy', 'staging', 'terraform-asks'],
    ['deploy', 'prod', 'type-name'],
    ['destroy', 'dev', 'type-name'],
    ['destroy', 'prod', 'type-name'],
    ['diff', 'prod', 'none'],
  ] as const)('%s %s: %s', (command, environment, approval) => {
    expect(approvalFor(invocation(command, environment), someone)).toBe(approval);
  });

  test.each(['deploy', 'destroy'] as const)('nobody to %s with --yes', (command) => {
    expect(approvalFor(invocation(command, 'prod', true), nobody)).toBe('none');
  });

  test('nobody can without a terminal, which is said before anything happens', () => {
    expect(() => approvalFor(invocation('deploy', 'dev'), nobody)).toThrow(
      'deploy dev has a question, and there is no terminal: add --yes.',
    );
  });

  test('diff needs no terminal', () => {
    expect(approvalFor(invocation('diff', 'dev'), nobody)).toBe('none');
  });
});

describe('a change', () => {
  /** Terraform that answers a plan with an exit code, and somebody who answers a question. */
  const changeWith = async ({
    approval = 'type-name',
    planned = 2,
    typed = 'prod',
    destroy = false,
  }: {
    approval?: Parameters<typeof change>[0]['approval'];
    planned?: number;
    typed?: string | null;
    destroy?: boolean;
  }) => {
    const calls: string[] = [];
    const failure = await change({
      approval,
      environment: 'prod',
      folder: '/stack',
      destroy,
      terraform: {
        run: async (_, args) => {
          calls.push(args.join(' '));
          return args[0] === 'plan' ? planned : 0;
        },
        read: async () => '',
      },
      terminal: {
        interactive: true,
        say: () => {},
        ask: async (question) => {
          calls.push(question);
          return typed;
        },
      },
    }).then(
      () => null,
      (error: Error) => error.message,
    );
    return { calls, failure };
  };
  const plan = 'plan -input=false -detailed-exitcode -out=/stack/agreed.tfplan';
  const apply = 'apply -input=false /stack/agreed.tfplan';

  test('that somebody has agreed to by name is the one that was shown', async () => {
    expect(await changeWith({})).toEqual({
      calls: [plan, 'This changes prod. Type its name to go on: ', apply],
      failure: null,
    });
  });

  test('is not made if another name was typed', async () => {
    expect(await changeWith({ typed: 'dev' })).toEqual({
      calls: [plan, 'This changes prod. Type its name to go on: '],
      failure: 'Nothing was changed.',
    });
  });

  test('is not made if whoever was asked has left', async () => {
    expect((await changeWith({ typed: null })).failure).toBe('Nothing was changed.');
  });

  test('that destroys says so', async () => {
    expect((await changeWith({ destroy: true })).calls).toEqual([
      `${plan} -destroy`,
      'This destroys prod. Type its name to go on: ',
      apply,
    ]);
  });

  test('of nothing needs nobody', async () => {
    expect(await changeWith({ planned: 0 })).toEqual({ calls: [plan], failure: null });
  });

  test('that cannot be planned is not asked about', async () => {
    expect(await changeWith({ planned: 1 })).toEqual({
      calls: [plan],
      failure: 'terraform plan did not finish; its reason is above.',
    });
  });

  test('that Terraform asks about is left to it', async () => {
    expect((await changeWith({ approval: 'terraform-asks' })).calls).toEqual(['apply']);
  });

  test('that nobody has to agree to is made at once', async () => {
    expect((await changeWith({ approval: 'none' })).calls).toEqual(['apply -auto-approve -input=false']);
  });
});
