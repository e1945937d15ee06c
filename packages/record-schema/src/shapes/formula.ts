import type { ExprNode } from '../expressions.ts';

const BINARY = {
  times: { sign: '×', binds: 6 },
  divide: { sign: '÷', binds: 6 },
  plus: { sign: '+', binds: 5 },
  minus: { sign: '−', binds: 5 },
  eq: { sign: '=', binds: 4 },
  ne: { sign: '≠', binds: 4 },
  lt: { sign: '<', binds: 4 },
  le: { sign: '≤', binds: 4 },
  gt: { sign: '>', binds: 4 },
  ge: { sign: '≥', binds: 4 },
} as const;

/** How tightly the outermost operation holds its arguments together: function calls and names 9, `or` 1. */
const binding = (node: ExprNode): number => {
  switch (node.op) {
    case 'times':
    case 'divide':
    case 'plus':
    case 'minus':
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return BINARY[node.op].binds;
    case 'negate':
      return 7;
    case 'isNull':
    case 'oneOf':
    case 'lookup':
    case 'matches':
    case 'withinDays':
      return 4;
    case 'not':
      return 3;
    case 'and':
      return node.args.length === 1 ? 9 : 2;
    case 'or':
      return node.args.length === 1 ? 9 : 1;
    case 'when':
      return 0;
    default:
      return 9;
  }
};

const value = (of: string | number | boolean): string =>
  typeof of === 'string' ? JSON.stringify(of) : String(of);

/** An expression as a person writes it: `quantity × price`, `if amount < 1000 then "Small", otherwise "Large"`. */
export const formula = (node: ExprNode): string => {
  const at = (of: ExprNode, least: number): string =>
    binding(of) < least ? `(${formula(of)})` : formula(of);
  const call = (name: string, args: readonly (ExprNode | number)[]): string =>
    `${name}(${args.map((one) => (typeof one === 'number' ? one : formula(one))).join(', ')})`;
  switch (node.op) {
    case 'col':
      return node.name;
    case 'lit':
      return node.type === 'text' ? value(node.value) : String(node.value);
    case 'plus':
    case 'minus':
    case 'times':
    case 'divide':
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge': {
      const { sign, binds } = BINARY[node.op];
      // Doubles do not associate and comparisons do not chain, so an equal operation on the right is bracketed.
      return `${at(node.args[0], binds === 4 ? 5 : binds)} ${sign} ${at(node.args[1], binds + 1)}`;
    }
    case 'negate':
      return `−${at(node.args[0], 8)}`;
    case 'not':
      return `not ${at(node.args[0], 4)}`;
    case 'and':
      return node.args.map((one) => at(one, 3)).join(' and ');
    case 'or':
      return node.args.map((one) => at(one, 2)).join(' or ');
    case 'isNull':
      return `${at(node.args[0], 5)} is null`;
    case 'when': {
      const cases = node.cases.map((one) => `if ${at(one.if, 1)} then ${at(one.value, 1)}`);
      return `${cases.join(', else ')}, else ${node.otherwise ? at(node.otherwise, 1) : 'null'}`;
    }
    case 'oneOf':
      return `${at(node.args[0], 5)} in (${node.values.map(value).join(', ')})`;
    case 'lookup': {
      const entries = Object.entries(node.table).map(([key, found]) => `${value(key)} → ${value(found)}`);
      return `${at(node.args[0], 5)} by (${entries.join(', ')})`;
    }
    case 'matches':
      return `${at(node.args[0], 5)} matches /${node.pattern}/`;
    case 'withinDays':
      return `${at(node.args[0], 5)} within ${node.days} days of the run`;
    case 'substring':
      return call('substring', [
        node.args[0],
        node.start,
        ...(node.length === undefined ? [] : [node.length]),
      ]);
    case 'coalesce':
    case 'concat':
    case 'upper':
    case 'lower':
    case 'trim':
    case 'length':
    case 'year':
    case 'month':
    case 'day':
    case 'maskEmail':
    case 'pseudonym':
      return call(node.op, node.args);
  }
};
