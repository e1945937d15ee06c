import { parseResultPath } from '../jsonpath/reference-path.ts';
import type { Catcher, Retrier } from '../state-machine.ts';
import { loadAssign, loadOutputQueries } from './assign.ts';
import type { FieldReader } from './field-reader.ts';
import type { QueryLanguage } from './query-language.ts';
import type { VariableNames } from './variables.ts';

/** "You must specify a value greater than 0 and less than 31622401 for MaxDelaySeconds." */
const MAX_DELAY_SECONDS = 31_622_400;

const KNOWN_ERRORS: ReadonlySet<string> = new Set([
  'States.ALL',
  'States.BranchFailed',
  'States.DataLimitExceeded',
  'States.ExceedToleratedFailureThreshold',
  'States.HeartbeatTimeout',
  'States.IntrinsicFailure',
  'States.ItemReaderFailed',
  'States.NoChoiceMatched',
  'States.ParameterPathFailure',
  'States.Permissions',
  'States.QueryEvaluationError',
  'States.ResultPathMatchFailure',
  'States.ResultWriterFailed',
  'States.Runtime',
  'States.TaskFailed',
  'States.Timeout',
]);

export function loadRetriers(state: FieldReader): Retrier[] {
  const readers = state.objects('Retry');
  return readers.map((reader, index) => {
    const errorEquals = loadErrorEquals(reader, index === readers.length - 1);
    const intervalSeconds = reader.integer('IntervalSeconds', 1) ?? 1;
    const maxDelaySeconds = reader.integer('MaxDelaySeconds', 1, MAX_DELAY_SECONDS);
    if (maxDelaySeconds !== undefined && maxDelaySeconds <= intervalSeconds) {
      reader.report('MaxDelaySeconds', 'must be greater than IntervalSeconds');
    }
    const retrier = {
      errorEquals,
      intervalSeconds,
      maxAttempts: reader.integer('MaxAttempts', 0) ?? 3,
      backoffRate: reader.number('BackoffRate', 1, Number.MAX_VALUE) ?? 2,
      maxDelaySeconds: maxDelaySeconds ?? Number.POSITIVE_INFINITY,
      fullJitter: reader.oneOf('JitterStrategy', ['FULL', 'NONE']) === 'FULL',
    };
    reader.refuseOtherFields();
    return retrier;
  });
}

export function loadCatchers(
  state: FieldReader,
  language: QueryLanguage,
  target: (field: string, reader: FieldReader) => string,
  names: VariableNames,
): Catcher[] {
  const readers = state.objects('Catch');
  return readers.map((reader, index) => {
    const catcher = {
      errorEquals: loadErrorEquals(reader, index === readers.length - 1),
      next: target('Next', reader),
      ...(language === 'JSONPath'
        ? {
            resultPath: reader.nullablePath('ResultPath', parseResultPath),
            assign: loadAssign(reader, names),
            jsonata: undefined,
          }
        : {
            resultPath: undefined,
            assign: undefined,
            jsonata: loadOutputQueries(reader, names, ['errorOutput'], `Catch[${index}]/`),
          }),
    };
    reader.refuseOtherFields(language);
    return catcher;
  });
}

function loadErrorEquals(reader: FieldReader, last: boolean): string[] {
  if (!reader.has('ErrorEquals')) reader.report('', 'the field ErrorEquals is required');
  const names: string[] = [];
  const values = reader.array('ErrorEquals');
  if (reader.has('ErrorEquals') && values.length === 0) reader.report('ErrorEquals', 'must name an error');
  for (const [index, name] of values.entries()) {
    if (typeof name === 'string') names.push(name);
    else reader.report(`ErrorEquals[${index}]`, 'must be a string');
  }
  for (const name of names) {
    if (name.startsWith('States.') && !name.startsWith('States.Http.') && !KNOWN_ERRORS.has(name)) {
      reader.report('ErrorEquals', `there is no error ${name}`);
    }
  }
  if (names.includes('States.ALL') && (names.length > 1 || !last)) {
    reader.report('ErrorEquals', 'States.ALL must stand alone, in the last entry');
  }
  return names;
}
