import { describe, expect, test } from '@jest/globals';
import { col, type Dataset, defineDataset, type Expr, text, trim, upper } from '@sluice/record-schema';
import fc from 'fast-check';
import { arbitraryDataset } from '../conformance/index.ts';
import { compileSparkPlan } from '../src/spark/compile-spark-plan.ts';
import { cellName, type Layer, MARK, ROW, type SparkPlan } from '../src/spark/plan.ts';

const define = (fields: Parameters<typeof defineDataset>[0]['fields'], more = {}): Dataset =>
  defineDataset({ name: 'tested', fields, ...more });

/** The columns that SQL names; texts are left out, since they may hold backquotes. */
const namesIn = (sql: string): readonly string[] =>
  Array.from(sql.replace(/'(?:[^'\\]|\\.)*'/gs, "''").matchAll(/`([^`]*)`/g), ([, name]) => name ?? '');

/** Columns that a layer names and that are not there yet, or that are there twice. */
const faultsOf = (layers: readonly Layer[], given: readonly string[]): readonly string[] => {
  const known = new Set(given);
  return layers.flatMap((layer) => {
    const unknown = layer.flatMap(({ sql }) => namesIn(sql).filter((name) => !known.has(name)));
    const twice = layer.flatMap(({ name }) => {
      const isThere = known.has(name);
      known.add(name);
      return isThere ? [name] : [];
    });
    return [...unknown.map((name) => `no ${name}`), ...twice.map((name) => `${name} twice`)];
  });
};

const columnsOf = (layers: readonly Layer[]): readonly string[] => layers.flat().map(({ name }) => name);
const cellsOf = ({ fields }: Dataset): readonly string[] => fields.map((_, at) => cellName(at));
const lengthOf = (plan: SparkPlan): number => JSON.stringify(plan).length;

describe('a plan', () => {
  test('names no column before it is there, and no column twice, whatever the dataset', () => {
    fc.assert(
      fc.property(arbitraryDataset, ({ dataset }) => {
        const { read, marks, values, profile, quarantineLine, columns, rules } = compileSparkPlan(dataset);
        const cells = cellsOf(dataset);
        const flags = marks.at(-1)?.map(({ name }) => name) ?? [];
        expect(faultsOf(marks, cells)).toEqual([]);
        expect(faultsOf(values, [...cells, ROW.asOf])).toEqual([]);
        expect(faultsOf([profile], flags)).toEqual([]);
        const quarantined = [...cells, ROW.number, ROW.problem, ROW.raw, MARK.reasons];
        expect(namesIn(quarantineLine).filter((name) => !quarantined.includes(name))).toEqual([]);
        expect(flags).toContain(MARK.reasons);
        expect(values.at(-1)?.map(({ name }) => name)).toEqual([MARK.rule]);
        const made = columnsOf(values);
        expect(columnsOf(marks).filter((name) => made.includes(name))).toEqual([]);
        expect(columns.filter(({ name }) => !made.includes(name))).toEqual([]);
        expect(rules).toEqual(dataset.rules.map(({ name }) => name));
        const own = new Map([...marks, ...values].flat().map(({ name, sql }) => [name, sql]));
        for (const { name, sql } of read.fields.flatMap(({ typed }) => typed)) {
          expect([own.has(name), own.get(name) === sql]).toEqual([true, false]);
        }
      }),
      { numRuns: 15, seed: 20260615 },
    );
  });

  test.each([
    [{ type: 'timestamp' }, ['mark read 0', 'v']],
    [{ type: 'timestamp', onInvalid: 'null' }, ['mark read 0', 'value read 0']],
    [{ type: 'timestamp', formats: ['iso'] }, []],
    [{ type: 'date', formats: ['dd/MM/yyyy'] }, ['mark read 0', 'v']],
    [{ type: 'date' }, []],
    [{ type: 'text' }, []],
  ] as const)('of a field %j replaces %j for a typed column', (field, names) => {
    const { read } = compileSparkPlan(define({ v: field }));
    expect(read.fields[0]?.typed.map(({ name }) => name)).toEqual(names);
  });

  test('has each mask of flags in one number for 62 fields', () => {
    const names = Array.from({ length: 2000 }, (_, at) => `f${at}`);
    const { marks, profile } = compileSparkPlan(
      define(Object.fromEntries(names.map((name) => [name, { type: 'text', required: true }]))),
    );
    const masks = marks.at(-1)?.filter(({ name }) => name.includes('mask')) ?? [];
    // Text without a constraint is never invalid.
    expect(masks).toHaveLength(2 * Math.ceil(2000 / 62));
    expect(profile).toHaveLength(3 * 2000);
    expect(profile.find(({ name }) => name === 'nulls 63')?.sql).toBe('count_if(`nulls mask 1` & 2L <> 0L)');
    expect(profile.find(({ name }) => name === 'invalid 63')?.sql).toBe('CAST(0 AS BIGINT)');
  });

  test('grows with an expression, and no faster', () => {
    const nested = (depth: number): Expr<'text'> => (depth === 0 ? col('v') : trim(upper(nested(depth - 1))));
    const length = (depth: number): number =>
      lengthOf(compileSparkPlan(define({ v: text() }, { derived: () => ({ d: nested(depth) }) })));
    const once = length(2) - length(1);
    // Names of columns get a digit longer.
    expect((length(20) - length(1)) / once).toBeLessThan(19.5);
  });

  test('computes what is asked for twice once', () => {
    const { values } = compileSparkPlan(
      define({ v: text() }, { derived: () => ({ a: trim(upper(col('v'))), b: trim(upper(col('v'))) }) }),
    );
    expect(values.flat().filter(({ sql }) => sql.includes('translate('))).toHaveLength(1);
  });
});

describe('names and texts of a definition', () => {
  const injection = `'\\'\`\${x}"\0\u2028--`;
  const plan = compileSparkPlan(
    define(
      {
        v: text({ from: injection, nullTokens: [injection], oneOf: [injection], default: injection }),
        w: text({ nullTokens: [''], pattern: "^'\\\\`\\$\\{x\\}$" }),
      },
      {
        derived: () => ({
          d: { op: 'lookup', args: [col('w')], table: { [injection]: injection } } as const,
        }),
      },
    ),
  );
  const all = [...plan.marks.flat(), ...plan.values.flat(), ...plan.profile].map(({ sql }) => sql);

  test('stand in whole literals only', () => {
    for (const sql of [...all, plan.quarantineLine]) {
      const without = sql.replace(/'(?:[^'\\]|\\.)*'/gs, '').replace(/`[^`]*`/g, '');
      expect(without).toMatch(/^[\w\s()<>=,.:|&+*-]*$/);
    }
  });

  test('never as Spark would replace or misread them', () => {
    expect(all.join('\n')).not.toMatch(/\$|\0|\u2028/);
  });
});

test('only a plan that makes pseudonyms asks for the function', () => {
  const with_ = define(
    { v: text({ pii: true }) },
    { derived: () => ({ d: { op: 'pseudonym', args: [col('v')] } }) },
  );
  expect(compileSparkPlan(with_).pseudonym).toBe(true);
  expect(compileSparkPlan(define({ v: text({ default: 'sluice_pseudonym(' }) })).pseudonym).toBe(false);
});

test('a Delta table is planned with the key that its rows are merged by', () => {
  const settings = { key: ['id'], target: { format: 'delta' } } as const;
  const id = text({ required: true });
  expect(compileSparkPlan(define({ id }, settings)).target).toEqual({ format: 'delta', key: ['id'] });
  expect(compileSparkPlan(define({ id }, { key: ['id'] })).target).toEqual({ format: 'parquet' });
});
