import type jsonata from 'jsonata';

type Node = jsonata.ExprNode;

/**
 * What an expression reads from the value around it: a field's name, `$` or `$$`. An expression of a state has no
 * value around it, so it finds nothing there. What stands behind a step, in a filter or in a function's body
 * has one, or may have one, and is not looked at.
 */
export function findTopReference(node: Node): string | undefined {
  const { steps, type } = node;
  const [first] = steps ?? [];
  if (first !== undefined) return findTopReference(first);
  if (type === 'name' && typeof node.value === 'string') return node.value;
  if (type === 'variable' && (node.value === '' || node.value === '$')) return `$${node.value}`;
  if (type === 'lambda' || type === 'transform') return undefined;
  for (const part of partsOf(node)) {
    const found = findTopReference(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a node holds others that see what it sees. */
const PARTS: ReadonlySet<string> = new Set([
  'arguments',
  'condition',
  'else',
  'expression',
  'expressions',
  'lhs',
  'procedure',
  'rhs',
  'then',
]);

function partsOf(node: Node): Node[] {
  return Object.entries(node)
    .filter(([field]) => PARTS.has(field))
    .flatMap(([, value]) => [value].flat(3))
    .filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
