import type { Dataset, QualityCheck } from '../dataset.ts';
import type { Field } from '../field-rules.ts';
import { constraintWords, typeWord } from './field-words.ts';
import { formula } from './formula.ts';
import { uniqueViewName } from './unique-view.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const code = (text: string): string => `\`${text}\``;

/** A formula may hold back-quotes; two of them around it let it keep its own. */
const formulaCode = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : code(text));

const fate = (field: Field): string => {
  if (field.pii) return field.publish ? 'personal data, published' : 'personal data, not published';
  return field.publish ? '' : 'not published';
};

const fieldRow = (field: Field): readonly string[] => [
  code(field.name),
  typeWord(field),
  [
    ...(field.from === field.name ? [] : [`read from ${code(field.from)}`]),
    ...constraintWords(field),
    ...[fate(field)].filter((words) => words !== ''),
  ].join('; '),
  field.doc,
];

const tokens = (field: Field): string => field.nullTokens.map((one) => code(JSON.stringify(one))).join(', ');

/** One line per list of tokens, so that a dataset with one list has one line. */
const nullLines = (fields: readonly Field[]): string => {
  const byTokens = Map.groupBy(fields, tokens);
  return [...byTokens]
    .map(([list, of]) => {
      const where = byTokens.size === 1 ? '' : ` in ${of.map((field) => code(field.name)).join(', ')}`;
      return list === '' ? `No text stands for a null${where}.` : `These cells are null${where}: ${list}.`;
    })
    .join(' ');
};

const checkWords = (check: QualityCheck): string => {
  const words = (): string => {
    switch (check.check) {
      case 'max_null_percent':
        return `at most ${check.percent} % of ${code(check.field)} is null`;
      case 'max_invalid_percent':
        return `at most ${check.percent} % of ${code(check.field)} is invalid`;
      case 'max_duplicate_percent':
        return `at most ${check.percent} % of the rows are duplicates`;
      case 'min_rows':
        return `at least ${check.rows} ${check.rows === 1 ? 'row' : 'rows'}`;
    }
  };
  return `- ${check.level === 'error' ? 'must' : 'should'}: ${words()}`;
};

const section = (title: string, ...body: readonly string[]): readonly string[] =>
  body.length === 0 ? [] : [`## ${title}`, ...body];

/** A page about a dataset for the people who send and read it. */
export const markdownDocs = (dataset: Dataset): string => {
  const { source, workflow, quality } = dataset;
  const delimiter = source.delimiter === '\t' ? 'tab' : code(source.delimiter);
  const unknown = source.unknownColumns === 'reject' ? 'refuse the object' : 'are ignored with a warning';
  const way = workflow === 'by_size' ? '' : ` Objects go through ${code(workflow)}.`;
  const derived = dataset.derived.map((one) => [
    code(one.name),
    typeWord(one.valueType),
    formulaCode(formula(one.expr)),
  ]);
  const rules = dataset.rules.map(
    (rule, at) => `${at + 1}. ${code(rule.name)}: ${formulaCode(formula(rule.expr))}`,
  );
  const blocks = [
    `# ${dataset.name}`,
    ...(dataset.doc === '' ? [] : [dataset.doc]),
    ...section(
      'Source',
      `Formats: ${source.formats.join(', ')}; CSV delimiter ${delimiter}. Undeclared columns ${unknown}.${way} ${nullLines(dataset.fields)}`,
    ),
    ...section('Fields', table(['field', 'type', 'reading', 'meaning'], dataset.fields.map(fieldRow))),
    ...(dataset.key === null
      ? []
      : section(
          'Key',
          `Rows with the same ${dataset.key.map(code).join(', ')} are copies of one record: ${dataset.target.format === 'delta' ? 'the table holds' : `${code(uniqueViewName(dataset))} shows`} each once.`,
        )),
    ...(derived.length === 0 ? [] : section('Derived fields', table(['field', 'type', 'formula'], derived))),
    ...(rules.length === 0
      ? []
      : section('Rules', 'A row is filtered by the first rule that is not true.', rules.join('\n'))),
    ...(dataset.target.format === 'delta'
      ? section('Target', 'A Delta table, into which Spark merges the rows of each object by the key.')
      : []),
    ...section('Partitions', dataset.partitions.map(code).join(', ')),
    ...section(
      'Quality',
      `Score by ${quality.score}; objects ${quality.gateFrom === 1 ? '' : `of at least ${quality.gateFrom} rows `}below ${quality.threshold} are not published.`,
      ...(quality.checks.length === 0 ? [] : [quality.checks.map(checkWords).join('\n')]),
    ),
  ];
  return `${blocks.join('\n\n')}\n`;
};
