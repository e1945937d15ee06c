import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { artefacts, permissionsSource } from '../generate/artefacts.ts';
import type { Environment } from '../src/environments/environment.ts';
import { environments } from '../src/environments/index.ts';
import { actionsWithoutResources } from '../src/permissions/actions-without-resources.ts';
import { permissionsOf } from '../src/permissions/permissions.ts';
import { everythingOn } from './everything-on.ts';
import { resources, stackOf, statementsOf, stateStackOf } from './synthesized.ts';

const { plain, optIns } = permissionsSource();
const [page] = await artefacts();
const text = (await page?.make()) ?? '';

const lines = (environment: Environment): string[] =>
  permissionsOf({ environment, lake: stackOf(environment), state: stateStackOf(environment) }).map(
    (permission) => JSON.stringify(permission),
  );

describe('the permissions page', () => {
  test('is the committed one (else: pnpm generate)', () => {
    expect(readFileSync(new URL(`../../${page?.path}`, import.meta.url), 'utf8')).toBe(text);
  });

  test.each([
    ...environments.map((environment) => [environment.name, environment] as const),
    ['prod with all opt-ins', everythingOn] as const,
  ])(
    'says all that %s allows, and no more, by what comes and goes with its opt-ins',
    (_name, environment) => {
      const always = permissionsOf(plain).map((permission) => JSON.stringify(permission));
      const expected = new Set(always);
      for (const [name, synthesized] of optIns) {
        if (Object.entries(environment.optIns).some(([optIn, on]) => optIn === name && on !== null)) {
          const found = permissionsOf(synthesized).map((permission) => JSON.stringify(permission));
          for (const line of found) expected.add(line);
          for (const line of always.filter((each) => !found.includes(each))) expected.delete(line);
        }
      }
      expect([...new Set(lines(environment))].sort()).toEqual([...expected].sort());
    },
  );

  test('shows every action of every policy', () => {
    const stack = stackOf(everythingOn);
    const actions = resources(stack)
      .filter(({ type, body }) => type !== 'aws_iam_role' && typeof body.policy === 'string')
      .flatMap(({ body }) => statementsOf(body.policy))
      .flatMap(({ Action }) => Action);
    const missing = actions.filter((action) => !text.includes(action.replaceAll('*', '\\*')));
    expect(missing).toEqual([]);
  });

  test('has nothing on it that a reader would have to decode', () => {
    expect(text.match(/\$\{.*?\}|arn:aws[^)\s]*|undefined|\[object/g)).toBeNull();
  });

  test('explains no action on everything that nobody does', () => {
    const done = [...environments, everythingOn]
      .flatMap((environment) =>
        permissionsOf({ environment, lake: stackOf(environment), state: stateStackOf(environment) }),
      )
      .filter(({ source, on }) => source === 'role' && on === 'everything')
      .flatMap(({ actions }) => actions);
    const idle = actionsWithoutResources
      .flatMap(({ actions }) => actions)
      .filter((action) => !done.includes(action));
    expect(idle).toEqual([]);
  });
});
