import { EvaluationError } from '../errors.ts';
import { isObject, type Json, valueAt } from '../json.ts';
import { Query } from '../jsonata/query.ts';
import type { NumberField } from '../number-field.ts';
import { integerOf } from '../run/data-flow.ts';
import { computeInteger, computeNumber } from '../run/jsonata.ts';
import type { StateRun } from '../run/run.ts';
import { resolve, type Scope } from '../scope.ts';
import type { MapState } from '../state-machine.ts';
import type { DistributedMap, TemplateField } from './distributed-map.ts';
import type { MapRunSettings, ReaderParameters, WriterParameters } from './settings.ts';

/**
 * Computes the fields from the state's input after InputPath. Throws what a path or expression throws that
 * finds nothing or no such number: before the Map Run starts.
 */
export async function computeSettings(
  state: MapState,
  map: DistributedMap,
  input: Json,
  stateRun: StateRun,
): Promise<MapRunSettings> {
  const { reader, batcher, writer } = map;
  const scope = stateRun.scopeOf(input);
  const integer = (field: string, value: NumberField, smallest: number) =>
    value instanceof Query
      ? computeInteger(field, value, smallest, stateRun)
      : integerOf(field, value, smallest, scope);
  const template = (field: TemplateField) =>
    field instanceof Query ? field.evaluate(stateRun.bindings()) : field(scope);
  return {
    maxConcurrency: (await integer('MaxConcurrency', state.maxConcurrency, 0)) ?? 0,
    toleratedFailureCount: await integer('ToleratedFailureCount', map.toleratedFailureCount, 0),
    toleratedFailurePercentage: await percentageOf(map.toleratedFailurePercentage, scope, stateRun),
    maxItems: reader && ((await integer('MaxItems', reader.maxItems, Number.NEGATIVE_INFINITY)) ?? 0),
    batch: batcher && {
      maxItems: await integer('MaxItemsPerBatch', batcher.maxItems, 1),
      maxInputBytes: await integer('MaxInputBytesPerBatch', batcher.maxInputBytes, 1),
      batchInput: batcher.batchInput && (await template(batcher.batchInput)),
    },
    reader: reader && readerParameters(await template(reader.parameters)),
    writer: writer.parameters && writerParameters(await template(writer.parameters)),
  };
}

/** Text that is taken for a number, as by the other fields of a Map. */
const DECIMAL = /^\d{1,3}(\.\d{1,10})?$/;

async function percentageOf(
  value: NumberField,
  scope: Scope,
  stateRun: StateRun,
): Promise<number | undefined> {
  if (value === undefined || typeof value === 'number') return value;
  if (value instanceof Query) {
    const number = await computeNumber(value, stateRun.bindings());
    if (number >= 0 && number <= 100) return number;
    throw value.error(`returned ${number}, which is not a number from 0 to 100.`);
  }
  const found = resolve(value, scope);
  const percentage = typeof found === 'string' && DECIMAL.test(found) ? Number(found) : found;
  if (typeof percentage === 'number' && percentage >= 0 && percentage <= 100) return percentage;
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  throw new EvaluationError(
    'States.Runtime',
    `The ToleratedFailurePercentagePath field refers to value "${text}" which is not a number from 0 to 100: ${value.source}`,
  );
}

function readerParameters(parameters: Json): ReaderParameters {
  return {
    bucket: textOf(parameters, 'Bucket'),
    key: textOf(parameters, 'Key'),
    versionId: textOf(parameters, 'VersionId'),
    prefix: textOf(parameters, 'Prefix'),
  };
}

function writerParameters(parameters: Json): WriterParameters {
  return { bucket: textOf(parameters, 'Bucket'), prefix: textOf(parameters, 'Prefix') };
}

function textOf(parameters: Json, name: string): string | undefined {
  const value = isObject(parameters) ? valueAt(parameters, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
