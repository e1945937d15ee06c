import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawGraph, labelLines, NARROW, WIDE } from '../src/report/graph-drawing.ts';
import { layOut } from '../src/report/graph-layout.ts';
import type { DrawnState, DrawnStateMachine } from '../src/report/report-input.ts';
import { graphOf } from '../src/report/state-graph.ts';
import { wayTaken } from '../src/report/way-taken.ts';
import { definition, runs } from './report-runs.ts';

const isGoalOf =
  ({ States }: DrawnStateMachine) =>
  (name: string): boolean =>
    States[name]?.Type === 'Succeed';

/** State machines of any shape, loops and states that nothing leads to included. */
const machines = fc.integer({ min: 1, max: 14 }).chain((size) => {
  const name = fc.nat({ max: size - 1 }).map((at) => `S${at}`);
  const state: fc.Arbitrary<DrawnState> = fc.oneof(
    fc.record({
      Type: fc.constant('Task'),
      Next: name,
      Catch: fc.array(fc.record({ Next: name }), { maxLength: 2 }),
    }),
    fc.record({
      Type: fc.constant('Choice'),
      Choices: fc.array(fc.record({ Next: name }), { maxLength: 3 }),
      Default: name,
    }),
    fc.constant({ Type: 'Succeed' }),
    fc.constant({ Type: 'Fail' }),
  );
  return fc.array(state, { minLength: size, maxLength: size }).map((states) => ({
    StartAt: 'S0',
    States: Object.fromEntries(states.map((one, at) => [`S${at}`, one])),
  }));
});

describe('the graph of a state machine', () => {
  test('has every state below whatever leads to it, but for the ends of loops', () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const { edges, layers } = graphOf(machine);
        for (const { from, to, back } of edges) {
          if (!back) expect(layers.get(to)).toBeGreaterThan(layers.get(from) ?? Number.NaN);
        }
      }),
    );
  });

  test('finds the one loop of the etl machine', () => {
    expect(graphOf(definition).edges.filter(({ back }) => back)).toEqual([
      { from: 'CountCrawlerCheck', to: 'WaitForCrawler', kind: 'next', back: true },
    ]);
  });
});

describe('the layout', () => {
  test('gives each state a place of its own, and draws no edge across a state', () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const graph = graphOf(machine);
        const { cells, routes } = layOut(graph, machine.StartAt, isGoalOf(machine), () => true);
        const places = new Map([...cells].map(([name, { column, layer }]) => [`${column}:${layer}`, name]));
        expect(cells.size).toBe(graph.layers.size);
        expect(places.size).toBe(cells.size);
        for (const { edge, lane } of routes) {
          const [from, to] = [cells.get(edge.from)?.layer ?? 0, cells.get(edge.to)?.layer ?? 0];
          for (let layer = Math.min(from, to) + 1; layer < Math.max(from, to); layer += 1) {
            expect(places.get(`${lane}:${layer}`)).toBeUndefined();
          }
        }
      }),
    );
  });

  test('puts the longest way to success in one straight line', () => {
    const { cells } = layOut(graphOf(definition), definition.StartAt, isGoalOf(definition), () => true);
    const spine = [...cells].filter(([, { column }]) => column === 0).map(([name]) => name);
    expect(spine).toEqual(
      expect.arrayContaining([
        'ValidateInput',
        'ChooseEngine',
        'RunETLJob',
        'CheckDataQuality',
        'UpdateDataCatalog',
        'Succeeded',
      ]),
    );
  });

  test('needs four columns for the etl machine, so that it fits a telephone', () => {
    const { cells } = layOut(graphOf(definition), definition.StartAt, isGoalOf(definition), () => true);
    expect(new Set([...cells.values()].map(({ column }) => column)).size).toBe(4);
  });

  test('moves nothing when a caught error is drawn', () => {
    const lay = (withCatches: boolean) => {
      const { routes } = layOut(
        graphOf(definition),
        definition.StartAt,
        isGoalOf(definition),
        ({ kind }) => withCatches || kind === 'next',
      );
      return routes.filter(({ edge }) => edge.kind === 'next');
    };
    expect(lay(true)).toEqual(lay(false));
  });

  test('lays a Map on the cards of its children, which stay clear of the columns beside it', () => {
    const stack = { StartAt: 'Rows', States: { Rows: { Type: 'Map' } } };
    for (const geometry of [WIDE, NARROW]) {
      const graph = graphOf(stack);
      const layout = layOut(
        graph,
        'Rows',
        () => false,
        () => true,
      );
      const states = stack.States;
      const picture = {
        layout,
        states,
        stays: new Map(),
        taken: new Set<never>(),
        title: '',
        description: '',
      };
      const cards = [
        ...drawGraph(picture, geometry, 'id').markup.matchAll(/class="child" x="-([\d.]+)"/g),
      ].map(([, out]) => Number(out));
      expect(cards).toHaveLength(2);
      expect(Math.max(...cards)).toBeLessThan((geometry.pitch.x - geometry.node.width) / 2);
    }
  });

  test('breaks names between their words', () => {
    expect(labelLines('NotifyValidationFailure', { lines: 3, characters: 11 })).toEqual([
      'Notify',
      'Validation',
      'Failure',
    ]);
    expect(labelLines('RunETLJob', { lines: 1, characters: 24 })).toEqual(['RunETLJob']);
    expect(labelLines('a'.repeat(40), { lines: 1, characters: 10 })).toEqual(['aaaaaaaaa…']);
  });
});

describe('the way taken', () => {
  test('counts the visits of a loop and what each state chose', async () => {
    const { history } = await runs.publishedByADetour();
    const way = wayTaken(definition, history);
    expect(way.get('WaitForCrawler')).toMatchObject({ visits: 3, milliseconds: 60_000 });
    expect(way.get('IsCrawlerComplete')?.next).toEqual(['CountCrawlerCheck', 'ChooseEngine']);
    expect(way.get('RunETLJob')).toMatchObject({
      visits: 1,
      milliseconds: 184_000,
      attempts: 1,
      error: null,
    });
    expect(way.has('TransformObject')).toBe(false);
  });

  test('forgets the error of an attempt that was tried again with success', async () => {
    const { history } = await runs.publishedAfterARetry();
    expect(wayTaken(definition, history).get('TransformObject')).toMatchObject({
      visits: 1,
      attempts: 2,
      error: null,
    });
  });

  test('has the error of a Map whose run failed, and not those of its children', async () => {
    const { definition: csvMap, history } = await runs.failedInABatch();
    expect(wayTaken(csvMap, history).get('ProcessCsvRows')?.error).toBe(
      'States.ExceedToleratedFailureThreshold',
    );
    const published = await runs.publishedByBatches();
    expect(wayTaken(csvMap, published.history).get('ProcessCsvRows')?.error).toBeNull();
  });

  test('keeps the error that was caught, and where it led', async () => {
    const { history } = await runs.failed();
    expect(wayTaken(definition, history).get('TransformObject')).toMatchObject({
      error: 'OutOfMemory',
      next: ['NotifyFailure'],
    });
  });
});
