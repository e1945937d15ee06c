import type { Manifest, QualityReport } from '@sluice/step-contracts';
import type { StateMachine } from '@sluice/workflows';
import { csvMapMachine } from '../run/csv-map-machine.ts';
import { etlMachine } from '../run/etl-machine.ts';
import { causeOf, type RunView } from '../run/run-view.ts';
import { bar } from './bar.ts';
import { engineLine } from './engine-line.ts';
import { bytes, count, duration, plural, share } from './figures.ts';
import { mapRunLines } from './map-run-summary.ts';
import { printable } from './printable.ts';
import { redriveLine } from './redrive-line.ts';
import { tableLine } from './table-line.ts';
import type { Paint } from './terminal.ts';

type Published = Extract<Manifest, { status: 'published' }>;
type Execution = NonNullable<RunView['execution']>;
type Stay = Execution['states'][number];

const LABEL = 12;
const BAR = 20;

/** `  Label       text`; lines after the first have no label. */
export const block = (label: string, lines: readonly string[], { bold }: Paint): string =>
  lines
    .map((line, at) => `  ${at === 0 ? bold(label.padEnd(LABEL)) : ' '.repeat(LABEL)}${line}`.trimEnd())
    .join('\n');

/** What happened in a run, for a person. */
export const runSummary = (view: RunView, paint: Paint): string => {
  const { manifest, execution } = view;
  const quality = manifest?.quality ?? null;
  return `\n${[
    block('Run', headLines(view, paint), paint),
    ...(execution
      ? [
          block(
            'States',
            execution.states.map((stay) => stateLine(stay, machineOf(execution), paint)),
            paint,
          ),
        ]
      : []),
    ...(execution?.mapRun ? [block('Map run', mapRunLines(execution.mapRun, paint), paint)] : []),
    ...(quality ? [block('Quality', qualityLines(quality, paint), paint)] : []),
    ...(manifest?.status === 'published' ? [block('Rows', rowLines(manifest, paint), paint)] : []),
    block('Files', fileLines(view), paint),
    ...notes(view, paint),
    block('Next', nextLines(view, paint), paint),
  ].join('\n\n')}\n`;
};

const verdictOf = ({ status, manifest, execution }: RunView, { good, warn, bad }: Paint): string => {
  switch (status) {
    case 'published':
      return good('published');
    case 'rejected': {
      const gate =
        manifest?.status === 'rejected' && manifest.gate === 'quality' ? 'below its threshold' : 'not valid';
      return warn(`refused: ${gate}`);
    }
    case 'failed':
      return bad(execution ? 'failed' : 'not finished');
    case 'stopped':
      return warn('stopped');
  }
};

const headLines = (view: RunView, paint: Paint): string[] => {
  const { runId, object, asOf, manifest, execution } = view;
  const took = execution
    ? ` in ${duration(Date.parse(execution.endedAt) - Date.parse(execution.redrive?.startedAt ?? execution.startedAt))}`
    : '';
  const engine = manifest?.status === 'published' ? ` by ${manifest.engine}` : '';
  return [
    `${runId}  ${verdictOf(view, paint)}${engine}${took}`,
    paint.dim(`${printable(`${object.bucket}/${object.key}`)}, ${bytes(object.size)}, as of ${moment(asOf)}`),
    ...(execution?.engine ? [paint.dim(printable(engineLine(execution.engine)))] : []),
    ...(execution?.redrive ? [paint.dim(redriveLine(execution.redrive))] : []),
    ...(manifest?.status === 'rejected'
      ? [paint.warn(`${printable(manifest.message)} (${manifest.code})`)]
      : []),
    ...(view.status === 'failed' && execution ? [paint.bad(printable(causeOf(execution)))] : []),
  ];
};

/** `2025-06-30 00:00:00 UTC` */
const moment = (iso: string): string => `${iso.replace('T', ' ').replace(/(\.000)?Z$/, '')} UTC`;

const STATE = 24;

/** Its delimiter makes no difference to its states. */
const machineOf = ({ workflow }: Execution): StateMachine =>
  workflow === 'etl' ? etlMachine() : csvMapMachine('COMMA');

const stateLine = (
  { state, visits, milliseconds, attempts, error, next }: Stay,
  machine: StateMachine,
  paint: Paint,
): string => {
  const type = machine.States[state]?.Type;
  if (type === 'Choice' || type === 'Pass') return paint.dim(`· ${state}`);
  const wasLeft = next.length > 0 || type === 'Succeed';
  const mark = error !== null || type === 'Fail' ? paint.bad('✗') : wasLeft ? paint.good('✓') : '·';
  const time = type === 'Task' || type === 'Map' ? duration(milliseconds).padStart(8) : '';
  const tries = attempts > visits ? `  ${attempts} attempts` : '';
  return `${mark} ${state.padEnd(STATE)}${time}${tries}${error === null ? '' : `  ${paint.bad(error)}`}`.trimEnd();
};

const qualityLines = (
  { verdict: { score, threshold, passed, costs, findings, checks } }: QualityReport,
  paint: Paint,
): string[] => {
  const failed = checks.filter((one) => !one.passed);
  return [
    `${passed ? paint.good(String(score)) : paint.bad(String(score))} of 100, threshold ${threshold}`,
    ...costs
      .filter(({ points }) => points > 0)
      .map(({ figure, points, because }) => `${figure} cost ${points}: ${because}`),
    ...failed.map(({ check, field, level, actual, allowed }) => {
      const of = field === undefined ? '' : ` of ${field}`;
      return paint.warn(`${level}: ${check}${of} is ${actual}, allowed ${allowed}`);
    }),
    ...findings.map(({ level, message }) => paint.dim(`${level}: ${message}`)),
  ];
};

const rowLines = ({ counts }: Published, { dim, good, warn }: Paint): string[] => {
  const { rowsIn, accepted, filtered, duplicates, quarantined, reasons } = counts;
  const filteredRows = filtered.reduce((all, { rows }) => all + rows, 0);
  const sum = accepted + filteredRows + duplicates + quarantined;
  const why = reasons.map(
    ({ field, code, rows }) => [field === null ? code : `${field} ${code}`, rows] as const,
  );
  const names = [...why.map(([name]) => name), ...filtered.map(({ rule }) => rule), 'quarantined'];
  const left = Math.max(...names.map((name) => name.length)) + 4;
  const right = count(rowsIn).length;
  const line = (name: string, rows: number, paint: (text: string) => string): string =>
    `${name.padEnd(left)}${count(rows).padStart(right)}  ${share(rows, rowsIn).padStart(8)}  ${paint(bar(rows, rowsIn, BAR))}`.trimEnd();
  const part = (name: string, rows: number): string =>
    dim(`  ${name.padEnd(left - 2)}${count(rows).padStart(right)}`);
  return [
    line('accepted', accepted, good),
    line('filtered', filteredRows, dim),
    ...filtered.map(({ rule, rows }) => part(rule, rows)),
    line('duplicates', duplicates, dim),
    line('quarantined', quarantined, warn),
    ...why.map(([name, rows]) => part(name, rows)),
    `${(sum === rowsIn ? '= rows in' : '≠ rows in').padEnd(left)}${count(rowsIn).padStart(right)}`,
  ];
};

const fileLines = ({ files, manifest }: RunView): string[] => {
  const line = (name: string, path: string | null, about = ''): string[] =>
    path === null ? [] : [`${name.padEnd(12)}${path}${about}`];
  const published = manifest?.status === 'published' ? manifest.files : [];
  const quarantined = manifest?.status === 'published' ? manifest.quarantine : null;
  return [
    ...files.published.flatMap((path, at) => {
      const file = published[at];
      return line('published', path, file ? `  ${plural(file.rows, 'row')}, ${bytes(file.bytes)}` : '');
    }),
    ...line(
      'table',
      files.table ?? null,
      manifest?.status === 'published' && manifest.table ? `  ${tableLine(manifest.table)}` : '',
    ),
    ...line('quarantine', files.quarantine, quarantined ? `  ${plural(quarantined.rows, 'row')}` : ''),
    ...line('raw', files.raw),
    ...line('manifest', files.manifest),
    ...line('map results', files.mapResults),
    ...line('report', files.report),
  ];
};

const notes = ({ execution, manifest }: RunView, paint: Paint): string[] => {
  const unknown = manifest?.status === 'published' ? manifest.unknownColumns : [];
  const undeclared = execution?.discovery?.columns.filter(({ declared }) => declared === null) ?? [];
  const types = new Map(undeclared.map(({ name, inferred }) => [name, inferred]));
  const lines = [
    ...(unknown.length > 0
      ? [
          `ignored columns that are not declared: ${unknown.map((name) => named(name, types.get(name))).join(', ')}`,
        ]
      : []),
    ...(execution?.discovery?.note ? [execution.discovery.note] : []),
    ...(execution?.stands ?? []),
  ];
  return lines.length > 0 ? [block('Notes', lines, paint)] : [];
};

const named = (name: string, type: string | null | undefined): string =>
  type
    ? `${printable(name)} (looks like ${type === 'VARCHAR' ? 'text' : type.toLowerCase()})`
    : printable(name);

const nextLines = ({ next }: RunView, { dim }: Paint): string[] => {
  const width = Math.max(...next.map(({ purpose }) => purpose.length));
  return next.map(({ purpose, line }) => `${dim(purpose.padEnd(width))}  ${line}`);
};
