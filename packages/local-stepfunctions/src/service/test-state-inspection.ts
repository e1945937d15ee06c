import type { ExecutionResult } from '../execution.ts';
import { type Json, type JsonObject, valueAt } from '../json.ts';
import type { TestedTask } from './tested-task.ts';

interface Inspected {
  readonly state: JsonObject;
  readonly input: Json;
  readonly task: TestedTask;
}

type Try = (state: JsonObject, input?: Json) => Promise<{ readonly result: ExecutionResult }>;

/**
 * What DEBUG and TRACE show: the data before and after each field that shapes it, as JSON texts. Each is what a
 * Pass state gives that has the fields so far; what could not be computed is left out.
 */
export async function inspect({ state, input, task }: Inspected, tryState: Try): Promise<object> {
  const pass = async (fields: JsonObject, given?: Json): Promise<Json | undefined> => {
    const { result } = await tryState(
      { Type: 'Pass', QueryLanguage: 'JSONPath', ...fields, End: true },
      given,
    );
    return result.output;
  };
  const texts = (values: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, JSON.stringify(value)]],
      ),
    );
  if (valueAt(state, 'QueryLanguage') === 'JSONata') {
    return texts({ input, afterArguments: task.input, result: task.result });
  }
  const inputFields = pick(state, 'InputPath');
  const afterInputPath = await pass(inputFields);
  if (state.Type !== 'Task' && state.Type !== 'Pass') return texts({ input, afterInputPath });
  const afterParameters = task.input ?? (await pass({ ...inputFields, ...pick(state, 'Parameters') }));
  const result = state.Type === 'Pass' ? (valueAt(state, 'Result') ?? afterParameters) : jsonOf(task.result);
  if (result === undefined) return texts({ input, afterInputPath, afterParameters });
  const selector = valueAt(state, 'ResultSelector');
  const afterResultSelector = selector === undefined ? result : await pass({ Parameters: selector }, result);
  const afterResultPath =
    afterResultSelector === undefined
      ? undefined
      : await pass({ Result: afterResultSelector, ...pick(state, 'ResultPath') });
  // The guide's example of a Pass shows what it makes as `afterResultSelector` alone.
  const shown = state.Type === 'Pass' ? {} : { result };
  return texts({ input, afterInputPath, afterParameters, ...shown, afterResultSelector, afterResultPath });
}

function pick(state: JsonObject, field: string): JsonObject {
  const value = valueAt(state, field);
  return value === undefined ? {} : { [field]: value };
}

function jsonOf(value: unknown): Json | undefined {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value) ?? 'null');
}
