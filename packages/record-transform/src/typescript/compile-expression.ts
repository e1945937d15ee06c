import { compilePattern, type ExprNode, type ValueType } from '@sluice/record-schema';
import { toDecimal, unscaled } from './decimals.ts';
import { type Constants, isOneOf, literal } from './source-text.ts';
import { pseudonymizer } from './text.ts';

/** Source text: statements to run first, and a name or literal that then holds the value. */
interface Compiled {
  readonly setup: string;
  readonly value: string;
}

interface ExpressionScope {
  /** The variable that holds a field's or derived field's value. */
  readonly variable: (column: string) => string;
  readonly typeOf: (node: ExprNode) => ValueType;
  readonly constants: Constants;
  /** Epoch milliseconds. */
  readonly asOf: number;
  readonly pseudonymKey: string | undefined;
}

type Pair = readonly [ExprNode, ExprNode];

const DAY = 86_400_000;
const OPERATORS = { plus: '+', minus: '-', times: '*' } as const;
const COMPARISONS = { eq: '===', ne: '!==', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
const PARTS = {
  year: { instant: 'yearOf', slice: '0, 4' },
  month: { instant: 'monthOf', slice: '5, 7' },
  day: { instant: 'dayOf', slice: '8, 10' },
} as const;

const scaleOf = (type: ValueType): number => (type.type === 'decimal' ? type.scale : 0);

/**
 * Compiles expressions to source text, by three-valued logic: null in, null out, unless the operation says
 * otherwise. The text names the functions of `runtime.ts`.
 *
 * Throws an `Error` if `pseudonym` is used and there is no key.
 */
export const createExpressionCompiler = (scope: ExpressionScope): ((node: ExprNode) => Compiled) => {
  const { constants, typeOf } = scope;
  let names = 0;
  const fresh = (): string => {
    names += 1;
    return `t${names}`;
  };

  /** A new constant for `body`, null where one of the values is. */
  const unlessNull = (of: readonly Compiled[], body: string): Compiled => {
    const name = fresh();
    const nulls = of.map(({ value }) => `${value} === null`).join(' || ');
    const setup = `${of.map((one) => one.setup).join('')}const ${name} = ${nulls} ? null : ${body};\n`;
    return { setup, value: name };
  };

  /** The node as a value of a wider type: decimals get their zeros, numbers are numbers. */
  const compileAs = (node: ExprNode, type: ValueType): Compiled => {
    const compiled = compile(node);
    const [from, to] = [scaleOf(typeOf(node)), scaleOf(type)];
    if (type.type !== 'decimal' || from === to) return compiled;
    return unlessNull([compiled], `rescale(${compiled.value}, ${from}, ${to})`);
  };

  const literalOf = (node: Extract<ExprNode, { op: 'lit' }>): string => {
    switch (node.type) {
      case 'decimal': {
        const { scale } = typeOf(node) as Extract<ValueType, { type: 'decimal' }>; // as the node says
        return literal(toDecimal(unscaled(String(node.value), 0), scale));
      }
      case 'timestamp':
        return literal(Date.parse(`${String(node.value).replace(' ', 'T')}Z`));
      case 'integer':
      case 'double':
        // Never −0.
        return literal(Number(node.value) + 0);
      default:
        return literal(node.value);
    }
  };

  const arithmetic = (op: keyof typeof OPERATORS, args: Pair, type: ValueType): Compiled => {
    const [left, right] = args;
    const sign = OPERATORS[op];
    if (type.type !== 'decimal') {
      const [a, b] = [compile(left), compile(right)];
      const check = type.type === 'integer' ? 'safe' : 'finite';
      return unlessNull([a, b], `${check}(${a.value} ${sign} ${b.value})`);
    }
    // A product's scale is the sum of both, so its factors stay as they are.
    const factor = (of: ExprNode): Compiled => (op === 'times' ? compile(of) : compileAs(of, type));
    const [a, b] = [factor(left), factor(right)];
    return unlessNull(
      [a, b],
      `toDecimal(unscaled(${a.value}, 0) ${sign} unscaled(${b.value}, 0), ${type.scale})`,
    );
  };

  const comparison = (op: keyof typeof COMPARISONS, [left, right]: Pair): Compiled => {
    const [a, b] = [compile(left), compile(right)];
    const [leftType, rightType] = [typeOf(left), typeOf(right)];
    const sign = COMPARISONS[op];
    if (leftType.type === 'decimal') {
      const scale = Math.max(scaleOf(leftType), scaleOf(rightType));
      const digits = (of: string, type: ValueType): string => `unscaled(${of}, ${scale - scaleOf(type)})`;
      return unlessNull([a, b], `${digits(a.value, leftType)} ${sign} ${digits(b.value, rightType)}`);
    }
    const isOrder = op !== 'eq' && op !== 'ne';
    return unlessNull(
      [a, b],
      leftType.type === 'text' && isOrder
        ? `compare(${a.value}, ${b.value}) ${sign} 0`
        : `${a.value} ${sign} ${b.value}`,
    );
  };

  const connective = (op: 'and' | 'or', args: readonly ExprNode[]): Compiled => {
    const parts = args.map(compile);
    const name = fresh();
    const [decided, otherwise] = op === 'and' ? ['false', 'true'] : ['true', 'false'];
    const any = (value: string): string => parts.map((part) => `${part.value} === ${value}`).join(' || ');
    const body = `${any(decided)} ? ${decided} : ${any('null')} ? null : ${otherwise}`;
    return { setup: `${parts.map((part) => part.setup).join('')}const ${name} = ${body};\n`, value: name };
  };

  const coalesce = (args: readonly ExprNode[], type: ValueType): Compiled => {
    const name = fresh();
    const setup = args.map((arg) => {
      const part = compileAs(arg, type);
      return `if (${name} === null) {\n${part.setup}${name} = ${part.value};\n}\n`;
    });
    return { setup: `let ${name} = null;\n${setup.join('')}`, value: name };
  };

  const when = (node: Extract<ExprNode, { op: 'when' }>): Compiled => {
    const type = typeOf(node);
    const name = fresh();
    const assign = (value: ExprNode): string => {
      const part = compileAs(value, type);
      return `${part.setup}${name} = ${part.value};\n`;
    };
    const otherwise = node.otherwise ? assign(node.otherwise) : '';
    const cases = node.cases.reduceRight((rest, one) => {
      const condition = compile(one.if);
      return `${condition.setup}if (${condition.value} === true) {\n${assign(one.value)}} else {\n${rest}}\n`;
    }, otherwise);
    // In a block of its own, so that the conditions' constants are not in the way.
    return { setup: `let ${name} = null;\n{\n${cases}}\n`, value: name };
  };

  const compile = (node: ExprNode): Compiled => {
    switch (node.op) {
      case 'col':
        return { setup: '', value: scope.variable(node.name) };
      case 'lit':
        return { setup: '', value: literalOf(node) };
      case 'plus':
      case 'minus':
      case 'times':
        return arithmetic(node.op, node.args, typeOf(node));
      case 'divide': {
        const [a, b] = [compile(node.args[0]), compile(node.args[1])];
        return unlessNull([a, b], `finite(${a.value} / ${b.value})`);
      }
      case 'negate': {
        const of = compile(node.args[0]);
        const type = typeOf(node);
        return unlessNull(
          [of],
          type.type === 'decimal' ? `toDecimal(-unscaled(${of.value}, 0), ${type.scale})` : `0 - ${of.value}`,
        );
      }
      case 'eq':
      case 'ne':
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
        return comparison(node.op, node.args);
      case 'and':
      case 'or':
        return connective(node.op, node.args);
      case 'not': {
        const of = compile(node.args[0]);
        return unlessNull([of], `!${of.value}`);
      }
      case 'isNull': {
        const of = compile(node.args[0]);
        return { setup: of.setup, value: `(${of.value} === null)` };
      }
      case 'coalesce':
        return coalesce(node.args, typeOf(node));
      case 'when':
        return when(node);
      case 'oneOf': {
        const of = compile(node.args[0]);
        return unlessNull([of], isOneOf(of.value, node.values, constants));
      }
      case 'lookup': {
        const of = compile(node.args[0]);
        const table = constants.add(new Map(Object.entries(node.table)));
        return unlessNull([of], `${table}.get(${of.value}) ?? null`);
      }
      case 'concat': {
        const parts = node.args.map(compile);
        return unlessNull(parts, parts.map((part) => part.value).join(' + '));
      }
      case 'upper':
      case 'lower':
      case 'trim':
      case 'maskEmail': {
        const of = compile(node.args[0]);
        return unlessNull([of], `${node.op}(${of.value})`);
      }
      case 'substring': {
        const of = compile(node.args[0]);
        const points = literal(node.length ?? null);
        return unlessNull([of], `substring(${of.value}, ${literal(node.start)}, ${points})`);
      }
      case 'length': {
        const of = compile(node.args[0]);
        return unlessNull([of], `length(${of.value})`);
      }
      case 'matches': {
        const of = compile(node.args[0]);
        const pattern = constants.add(new RegExp(compilePattern(node.pattern, 'javascript'), 'u'));
        return unlessNull([of], `${pattern}.test(${of.value})`);
      }
      case 'year':
      case 'month':
      case 'day': {
        const of = compile(node.args[0]);
        const { instant, slice } = PARTS[node.op];
        const isDate = typeOf(node.args[0]).type === 'date';
        return unlessNull([of], isDate ? `+${of.value}.slice(${slice})` : `${instant}(${of.value})`);
      }
      case 'withinDays': {
        const of = compile(node.args[0]);
        const isDate = typeOf(node.args[0]).type === 'date';
        const since = literal(Math.max(scope.asOf - node.days * DAY, -Number.MAX_VALUE));
        return unlessNull([of], `${isDate ? `midnight(${of.value})` : of.value} >= ${since}`);
      }
      case 'pseudonym': {
        if (scope.pseudonymKey === undefined) throw new Error('pseudonym needs a key, and the run has none');
        const of = compile(node.args[0]);
        return unlessNull([of], `${constants.add(pseudonymizer(scope.pseudonymKey))}(${of.value})`);
      }
    }
  };
  return compile;
};
