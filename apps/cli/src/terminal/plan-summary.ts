import { type ObjectToPlan, type Plan, type PlanSettings, serviceLimits } from '@sluice/workflows/plan';
import { bytes, count, duration, plural } from './figures.ts';
import { printable } from './printable.ts';
import { block } from './run-summary.ts';
import type { Paint } from './terminal.ts';

/** A plan, and what it was made from. */
interface PlanView extends Plan {
  readonly dataset: string;
  /** The environment's name, or the settings' file. */
  readonly origin: string;
  /** False: estimated. */
  readonly measured: boolean;
  readonly object: ObjectToPlan;
  readonly settings: PlanSettings;
}

/** A plan, for a person. */
export const planSummary = (view: PlanView, paint: Paint): string => {
  const { map, advice, warnings } = view;
  return `${[
    block('Object', objectLines(view), paint),
    block('Takes', [`${paint.bold(view.workflow)} by ${view.engine}`, paint.dim(view.because)], paint),
    ...(map ? [block('Batches', batchLines(map), paint)] : []),
    block('Time', timeLines(view), paint),
    block('History', historyLines(view), paint),
    block('Cost', costLines(view, paint), paint),
    block('Engines', engineLines(view, paint), paint),
    ...(advice.length > 0 ? [block('Advice', advice.flatMap(sentences), paint)] : []),
    block('Limits', limitLines(warnings, paint), paint),
  ].join('\n\n')}\n`;
};

const objectLines = ({ object, dataset, origin, measured, settings }: PlanView): string[] => {
  const { csv, size, format, compressed } = object;
  const how = measured ? 'measured' : 'estimated';
  return [
    `${bytes(size)} of ${compressed ? 'gzipped ' : ''}${format} for ${dataset}, under ${printable(origin)} in ${settings.region}`,
    ...(csv === null
      ? []
      : [
          `${plural(csv.rows, 'row')} of ${plural(csv.columns, 'column')}, ${count(Math.round(csv.meanItemBytes))} bytes each as JSON${csv.maxItemBytes === null ? '' : `, at most ${count(csv.maxItemBytes)}`} (${how})`,
        ]),
  ];
};

const batchLines = (map: NonNullable<Plan['map']>): string[] => [
  `${plural(map.itemsPerBatch, 'row')} a batch, cut by ${map.cutBy === 'items' ? 'map.maxItemsPerBatch' : 'map.maxInputBytesPerBatch'}`,
  `${plural(map.payloadBytes, 'byte')} of ${count(serviceLimits.payloadBytes.value)} in each`,
  `${plural(map.children, `${map.executionType} child`, `${map.executionType} children`)}, ${count(map.concurrency)} at once, bound by ${map.boundBy}`,
];

/** One to a line. */
const sentences = (text: string): string[] => text.split(/(?<=\.) (?=[A-Z])/);

const NAME = 30;
const FIGURE = 18;

const row = (name: string, figure: string, about = ''): string =>
  `${name.padEnd(NAME)}${figure.padStart(FIGURE)}${about === '' ? '' : `  ${about}`}`;

const timeLines = ({ durations, seconds, map }: PlanView): string[] => [
  ...durations.map((one) =>
    row(
      one.state,
      duration(one.seconds * 1000),
      one.state === 'ProcessCsvRows' && map ? `${duration(map.childSeconds * 1000)} for each child` : '',
    ),
  ),
  row('= together', duration(seconds * 1000)),
];

const historyLines = ({ history: { execution, child, childAtMost }, transitions }: PlanView): string[] => [
  `${plural(execution, 'event')} of ${count(serviceLimits.historyEvents.value)}${child === null ? '' : `; each child ${child}, with all retries ${childAtMost}`}`,
  plural(transitions, 'state transition'),
];

const usd = (value: number): string =>
  value > 0 && value < 0.0001 ? '< 0.0001 USD' : `${value.toFixed(4)} USD`;

const costLines = ({ costs, usd: sum, prices, settings }: PlanView, { dim, warn }: Paint): string[] => [
  ...costs.map(({ what, quantity, unit, usd: dollars }) =>
    row(what, usd(dollars), dim(`${count(quantity < 100 ? quantity : Math.round(quantity))} ${unit}`)),
  ),
  row('= together', usd(sum), dim(`list prices of ${prices.region}, ${prices.asOf}`)),
  ...(settings.region === prices.region ? [] : [warn(`${settings.region} has prices of its own`)]),
];

/** The plan's own first. */
const engineLines = ({ engines, engine }: PlanView, { bold, dim }: Paint): string[] =>
  [...engines]
    .sort((one, other) => Number(other.engine === engine) - Number(one.engine === engine))
    .map(({ engine: name, seconds, usd: dollars, obstacle }) => {
      const figures = `${RUNS_ON[name].padEnd(NAME)}${duration(seconds * 1000).padStart(FIGURE)}${usd(dollars).padStart(FIGURE)}`;
      const line = name === engine ? bold(figures) : figures;
      return obstacle === null ? line : `${line}  ${dim(obstacle)}`;
    });

const RUNS_ON = {
  duckdb: 'duckdb, in a Lambda',
  spark: 'spark, on Glue',
  typescript: 'typescript, in a Map',
} as const;

const limitLines = (warnings: Plan['warnings'], { good, warn, dim }: Paint): string[] =>
  warnings.length === 0
    ? [good('none is hit')]
    : warnings.flatMap(({ message, value, limit, change }) => [
        warn(
          value === null || limit === null
            ? `${message}`
            : `${message}: ${count(value)} ${limit.unit}, at most ${count(limit.value)}`,
        ),
        `  ${change}`,
        ...(limit === null ? [] : [dim(`  ${limit.link}`)]),
      ]);
