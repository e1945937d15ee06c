import { EvaluationError } from '../errors.ts';
import type { Json } from '../json.ts';
import { lookUpInTemplate, type Scope } from '../scope.ts';
import { ArgumentError } from './arguments.ts';
import type { Argument, IntrinsicCall } from './parse.ts';

/**
 * Calls the function. A value that it refuses is `States.IntrinsicFailure`; a path that finds nothing is
 * `States.Runtime`, like any other missing path.
 */
export function callIntrinsic(call: IntrinsicCall, scope: Scope): Json {
  const args = call.args.map((argument) => argumentValue(call, argument, scope));
  try {
    return call.intrinsic.apply(args, scope.random);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new EvaluationError('States.IntrinsicFailure', failure(call, error.message));
  }
}

function argumentValue(call: IntrinsicCall, argument: Argument, scope: Scope): Json {
  switch (argument.kind) {
    case 'value':
      return argument.value;
    case 'call':
      return callIntrinsic(argument.call, scope);
    case 'path': {
      const value = lookUpInTemplate(argument.path, scope);
      if (value !== undefined) return value;
      const input = JSON.stringify(scope.input);
      const missing = `The JsonPath argument for the field '${argument.path.source}' could not be found in the input '${input}'`;
      throw new EvaluationError('States.Runtime', failure(call, missing));
    }
  }
}

function failure(call: IntrinsicCall, message: string): string {
  return `The function '${call.source}' had the following error: ${message}`;
}
