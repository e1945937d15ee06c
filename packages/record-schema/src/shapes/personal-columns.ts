import type { Dataset } from '../dataset.ts';
import type { ExprNode } from '../expressions.ts';

/**
 * The names of the published columns that hold personal data, in the order of the table: personal fields that are
 * published as they are, and whatever is computed from a personal field, over any number of steps. A mask or pseudonym
 * makes a value safer to show, but it still tells people apart, and so stays personal data (GDPR, article 4(5) and
 * recital 26).
 */
export const personalColumns = (dataset: Dataset): readonly string[] => {
  const personal = new Set(dataset.fields.filter(({ pii }) => pii).map(({ name }) => name));
  // A derived field names only fields and derived fields before it.
  for (const { name, expr } of dataset.derived) {
    if (columnsIn(expr).some((column) => personal.has(column))) personal.add(name);
  }
  return dataset.columns.map(({ name }) => name).filter((name) => personal.has(name));
};

const columnsIn = (node: ExprNode): string[] => {
  switch (node.op) {
    case 'col':
      return [node.name];
    case 'lit':
      return [];
    case 'when':
      return [
        ...node.cases.flatMap((one) => [one.if, one.value]),
        ...(node.otherwise === undefined ? [] : [node.otherwise]),
      ].flatMap(columnsIn);
    default:
      return node.args.flatMap(columnsIn);
  }
};
