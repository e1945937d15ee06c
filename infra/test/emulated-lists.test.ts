import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseStack, type Resource, resources } from '../src/stack-json.ts';
import { synthesize } from '../src/synth.ts';
import { emulatedDev, emulatedProd } from './emulated/environments.ts';
import { lacking } from './emulated/lacking.ts';
import { planDifferences } from './emulated/plan-differences.ts';
import { restless } from './emulated/restless.ts';
import { isAbout, takeOut } from './emulated/take-out.ts';

describe('the lists of what the emulator lacks and forgets', () => {
  let folder: string;
  let synthesized: readonly Resource[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-lists-'));
    synthesize(folder, [emulatedDev, emulatedProd]);
    synthesized = ['dev', 'prod'].flatMap((name) =>
      resources(parseStack(readFileSync(join(folder, 'stacks', name, 'cdk.tf.json'), 'utf8'))),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('name nothing that no stack has any more', () => {
    const stale = lacking.filter((lack) => !synthesized.some((resource) => isAbout(lack, resource)));
    expect(stale).toEqual([]);
    const types = new Set(synthesized.map(({ type }) => type));
    expect(restless.filter(({ type }) => !types.has(type))).toEqual([]);
  });

  test('name nothing twice', () => {
    const named = [
      ...lacking.map(({ type, name, attribute }) => `${type} ${name} ${attribute}`),
      ...restless.map(({ type, attribute }) => `${type} ${attribute}`),
    ];
    expect(new Set(named).size).toBe(named.length);
  });
});

describe('taking out what is lacking', () => {
  const stack = (resource: unknown): string =>
    JSON.stringify({ resource, output: { name: { value: 'kept' } } });
  const reason = 'a test';

  test('leaves everything else as it was', () => {
    const text = stack({
      aws_a: { one: { name: 'a', tags: { b: 'c' } } },
      aws_b: { two: { name: 'b', depends_on: ['aws_a.one', 'aws_c.three'] } },
    });
    const left = takeOut(text, [{ type: 'aws_a', reason }]);
    expect(left).toEqual({
      resource: { aws_b: { two: { name: 'b', depends_on: ['aws_c.three'] } } },
      data: {},
      output: { name: { value: 'kept' } },
    });
  });

  test('takes one resource of a type, or one attribute of all', () => {
    const text = stack({ aws_a: { one: { x: 1, y: 2 }, two: { x: 1, y: 2 } } });
    expect(takeOut(text, [{ type: 'aws_a', name: 'one', reason }]).resource).toEqual({
      aws_a: { two: { x: 1, y: 2 } },
    });
    expect(takeOut(text, [{ type: 'aws_a', attribute: 'x', reason }]).resource).toEqual({
      aws_a: { one: { y: 2 }, two: { y: 2 } },
    });
  });

  test('fails if something that stays refers to what has gone', () => {
    const text = stack({ aws_a: { one: {} }, aws_b: { two: { arn: `\${aws_a.one.arn}` } } });
    expect(() => takeOut(text, [{ type: 'aws_a', reason }])).toThrow('aws_b.two refers to aws_a.one');
  });

  test('lets protected resources be destroyed', () => {
    const text = stack({
      aws_a: {
        one: { lifecycle: { prevent_destroy: true } },
        two: { lifecycle: { prevent_destroy: true, ignore_changes: ['x'] } },
      },
    });
    expect(takeOut(text, []).resource).toEqual({
      aws_a: { one: {}, two: { lifecycle: { ignore_changes: ['x'] } } },
    });
    const table = { name: 'rows', deletion_protection_enabled: true };
    expect(takeOut(stack({ aws_a: { one: table } }), []).resource).toEqual({
      aws_a: { one: { name: 'rows', deletion_protection_enabled: false } },
    });
  });
});

describe('what a plan would change', () => {
  const plan = (change: unknown, mode = 'managed'): string =>
    JSON.stringify({ resource_changes: [{ address: 'aws_a.one', type: 'aws_a', mode, change }] });
  const one = { address: 'aws_a.one', type: 'aws_a' };

  test('is nothing where nothing is done', () => {
    const unchanged = { actions: ['no-op'], before: { x: 1 }, after: { x: 1 }, after_unknown: {} };
    expect(planDifferences(plan(unchanged))).toEqual([]);
    const read = { actions: ['read'], before: null, after: { x: 1 }, after_unknown: {} };
    expect(planDifferences(plan(read, 'data'))).toEqual([]);
    expect(planDifferences('{}')).toEqual([]);
  });

  test('is told attribute by attribute', () => {
    const before = { same: [1, { a: 2 }], x: { deep: 1 }, id: '1', gone: 1 };
    const after = { same: [1, { a: 2 }], x: { deep: 2 } };
    const changes = planDifferences(
      plan({ actions: ['update'], before, after, after_unknown: { id: true } }),
    );
    expect(changes).toEqual([
      { ...one, attribute: 'x', change: '{"deep":1} → {"deep":2}' },
      { ...one, attribute: 'id', change: '"1" → (known after apply)' },
      { ...one, attribute: 'gone', change: '1 → nothing' },
    ]);
  });

  test.each([[['create']], [['delete']], [['delete', 'create']]])(
    'is the whole resource for %j',
    (actions) => {
      const change = { actions, before: null, after: { x: 1 }, after_unknown: {} };
      expect(planDifferences(plan(change))).toEqual([
        { ...one, attribute: '*', change: actions.join(' and ') },
      ]);
    },
  );
});
