import type {
  CsvFormat,
  DistributedMap,
  ExecutionType,
  FileFormat,
  ItemBatcher,
  ItemReader,
  ItemSource,
  ResultWriter,
  TemplateField,
} from '../distributed-map/distributed-map.ts';
import { parseNumberPath } from '../jsonpath/reference-path.ts';
import type { NumberField } from '../number-field.ts';
import { PAYLOAD_LIMIT } from '../payload.ts';
import type { FieldReader } from './field-reader.ts';
import { loadExpression, loadNumber } from './number.ts';
import type { QueryLanguage } from './query-language.ts';

const FIELDS = [
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentage',
  'ToleratedFailurePercentagePath',
  'Label',
];

/** Largest MaxItems and MaxItemsPerBatch (Step Functions quota). */
const MAX_ITEMS = 100_000_000;

const MAX_LABEL_LENGTH = 40;
/** What AWS refuses in a label: blanks, wildcards, brackets, controls and what separates parts of an ARN or URL. */
const NOT_IN_LABEL = /[\s?*<>{}[\]"#%\\^|~`$&,;:/\p{Cc}]/u;

/** Reads ProcessorConfig; undefined for an inline Map. */
export function loadExecutionType(processor: FieldReader): ExecutionType | undefined {
  const config = processor.object('ProcessorConfig');
  if (config === undefined) return undefined;
  const mode = config.oneOf('Mode', ['INLINE', 'DISTRIBUTED']);
  const type = config.oneOf('ExecutionType', ['STANDARD', 'EXPRESS']);
  if (mode !== 'DISTRIBUTED' && config.has('ExecutionType')) {
    config.report('ExecutionType', 'is allowed with Mode DISTRIBUTED only');
  }
  if (mode === 'DISTRIBUTED' && !config.has('ExecutionType')) {
    config.report('', 'the field ExecutionType is required with Mode DISTRIBUTED');
  }
  config.refuseOtherFields();
  return mode === 'DISTRIBUTED' ? (type ?? 'STANDARD') : undefined;
}

/** Reads what only a Distributed Map has; undefined, and problems if any of it is there, for an inline Map. */
export function loadDistributedMap(
  map: FieldReader,
  name: string,
  language: QueryLanguage,
  executionType: ExecutionType | undefined,
): DistributedMap | undefined {
  if (executionType === undefined) {
    for (const field of FIELDS) {
      if (map.has(field)) map.report(field, 'is allowed with Mode DISTRIBUTED only');
      map.value(field);
    }
    return undefined;
  }
  return {
    executionType,
    label: loadLabel(map) ?? labelOf(name),
    reader: loadItemReader(map, language),
    batcher: loadItemBatcher(map, language),
    toleratedFailureCount: loadNumber(map, 'ToleratedFailureCount', 0, language),
    toleratedFailurePercentage: loadPercentage(map, language),
    writer: loadResultWriter(map, language),
  };
}

function loadLabel(map: FieldReader): string | undefined {
  const label = map.text('Label');
  if (label === undefined) return undefined;
  if (label === '' || label.length > MAX_LABEL_LENGTH) {
    map.report('Label', `must have 1 to ${MAX_LABEL_LENGTH} characters`);
  }
  if (NOT_IN_LABEL.test(label)) map.report('Label', 'holds a character that is not allowed');
  return label;
}

/** AWS makes a label of its own; the state's name says more. */
function labelOf(name: string): string {
  return name.replace(new RegExp(NOT_IN_LABEL, 'gu'), '-').slice(0, MAX_LABEL_LENGTH);
}

function loadPercentage(map: FieldReader, language: QueryLanguage): NumberField {
  if (language === 'JSONata' && typeof map.value('ToleratedFailurePercentage') === 'string') {
    return loadExpression(map, 'ToleratedFailurePercentage');
  }
  if (language === 'JSONata') return map.number('ToleratedFailurePercentage', 0, 100);
  map.exclusive('ToleratedFailurePercentage', 'ToleratedFailurePercentagePath');
  return (
    map.number('ToleratedFailurePercentage', 0, 100) ??
    map.jsonPath('ToleratedFailurePercentagePath', parseNumberPath)
  );
}

/** `getObject` of `arn:aws:states:::s3:getObject`; undefined, and a problem, if it is none of the allowed. */
function loadS3Action<T extends string>(reader: FieldReader, actions: readonly T[]): T | undefined {
  const text = reader.requiredText('Resource');
  if (text === undefined) return undefined;
  const action = /^arn:aws[a-z-]*:states:::s3:(\w+)$/.exec(text)?.[1];
  const found = actions.find((candidate) => candidate === action);
  if (found === undefined) {
    reader.report(
      'Resource',
      `must be ${actions.map((known) => `arn:aws:states:::s3:${known}`).join(' or ')}`,
    );
  }
  return found;
}

function loadItemReader(map: FieldReader, language: QueryLanguage): ItemReader | undefined {
  const reader = map.object('ItemReader');
  if (reader === undefined) return undefined;
  const action = loadS3Action(reader, ['getObject', 'listObjectsV2']);
  const parameters = loadParameters(reader, language, 'ItemReader');
  const config = reader.object('ReaderConfig');
  const source = action && loadSource(reader, config, action);
  const maxItems = config && loadNumber(config, 'MaxItems', 0, language, MAX_ITEMS);
  config?.refuseOtherFields(language);
  reader.refuseOtherFields(language);
  return source && parameters && { source, parameters, maxItems };
}

function parametersField(language: QueryLanguage): string {
  return language === 'JSONata' ? 'Arguments' : 'Parameters';
}

/** @param holder the field of the state in which the fields stand */
function loadParameters(
  reader: FieldReader,
  language: QueryLanguage,
  holder: string,
): TemplateField | undefined {
  const field = parametersField(language);
  if (!reader.has(field)) reader.report('', `the field ${field} is required`);
  return loadTemplate(reader, field, language, `${holder}/${field}`);
}

function loadTemplate(
  reader: FieldReader,
  field: string,
  language: QueryLanguage,
  location: string,
): TemplateField | undefined {
  return language === 'JSONata' ? reader.query(field, [], location) : reader.template(field);
}

const INPUT_TYPES = ['CSV', 'JSON', 'JSONL', 'PARQUET', 'MANIFEST'] as const;

function loadSource(
  reader: FieldReader,
  config: FieldReader | undefined,
  action: 'getObject' | 'listObjectsV2',
): ItemSource | undefined {
  if (action === 'listObjectsV2') return loadList(config);
  const manifest = config?.oneOf('ManifestType', ['ATHENA_DATA', 'S3_INVENTORY']);
  const type = config?.oneOf('InputType', INPUT_TYPES);
  if (config !== undefined) refuseTransformation(config);
  if (manifest === 'ATHENA_DATA') {
    if (type === 'JSON' || type === 'MANIFEST') {
      config?.report('InputType', 'must be CSV or JSONL or PARQUET with ManifestType ATHENA_DATA');
    }
    const format = config && loadFormat(config, type);
    return format && { kind: 'athena-manifest', format };
  }
  if (manifest === 'S3_INVENTORY' || type === 'MANIFEST') {
    if (manifest !== undefined && type !== undefined) {
      config?.report('InputType', 'is not allowed with ManifestType S3_INVENTORY');
    }
    if (config !== undefined) refuseFormatFields(config, undefined);
    return { kind: 's3-inventory' };
  }
  if (config === undefined) reader.report('', 'the field ReaderConfig is required with s3:getObject');
  const format = config && loadFormat(config, type);
  return format && { kind: 'object', format };
}

function refuseTransformation(config: FieldReader): void {
  if (config.oneOf('Transformation', ['NONE', 'LOAD_AND_FLATTEN']) === 'LOAD_AND_FLATTEN') {
    config.report('Transformation', 'LOAD_AND_FLATTEN is allowed with s3:listObjectsV2 only');
  }
}

function loadList(config: FieldReader | undefined): ItemSource | undefined {
  const transformation = config?.oneOf('Transformation', ['NONE', 'LOAD_AND_FLATTEN']);
  if (config?.has('ManifestType')) config.report('ManifestType', 'is allowed with s3:getObject only');
  config?.value('ManifestType');
  const type = config?.oneOf('InputType', INPUT_TYPES);
  if (config === undefined || transformation !== 'LOAD_AND_FLATTEN') {
    if (type !== undefined) {
      config?.report('InputType', 'is allowed with Transformation LOAD_AND_FLATTEN only');
    }
    if (config !== undefined) refuseFormatFields(config, undefined);
    return { kind: 'list', flatten: undefined };
  }
  if (type === 'MANIFEST') {
    config.report('InputType', 'must be CSV or JSON or JSONL or PARQUET with LOAD_AND_FLATTEN');
  }
  const format = loadFormat(config, type);
  return format && { kind: 'list', flatten: format };
}

function loadFormat(
  config: FieldReader,
  type: (typeof INPUT_TYPES)[number] | undefined,
): FileFormat | undefined {
  if (!config.has('InputType')) config.report('', 'the field InputType is required');
  refuseFormatFields(config, type);
  switch (type) {
    case 'CSV':
      return loadCsv(config);
    case 'JSON':
      return { type, pointer: loadPointer(config) };
    case 'JSONL':
    case 'PARQUET':
      return { type };
    default:
      return undefined;
  }
}

function refuseFormatFields(config: FieldReader, type: string | undefined): void {
  const owners = {
    CSVHeaderLocation: 'CSV',
    CSVHeaders: 'CSV',
    CSVDelimiter: 'CSV',
    ItemsPointer: 'JSON',
  };
  for (const [field, owner] of Object.entries(owners)) {
    if (owner === type) continue;
    config.value(field);
    if (config.has(field)) config.report(field, `is allowed with InputType ${owner} only`);
  }
}

const DELIMITERS = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' };

function loadCsv(config: FieldReader): CsvFormat {
  if (!config.has('CSVHeaderLocation')) config.report('', 'the field CSVHeaderLocation is required');
  const location = config.oneOf('CSVHeaderLocation', ['FIRST_ROW', 'GIVEN']);
  const delimiter = config.oneOf('CSVDelimiter', ['COMMA', 'PIPE', 'SEMICOLON', 'SPACE', 'TAB']);
  const headers = config.array('CSVHeaders').flatMap((header, index) => {
    if (typeof header === 'string') return header;
    config.report(`CSVHeaders[${index}]`, 'must be a string');
    return [];
  });
  if (location === 'FIRST_ROW' && config.has('CSVHeaders')) {
    config.report('CSVHeaders', 'is allowed with CSVHeaderLocation GIVEN only');
  }
  if (location === 'GIVEN' && headers.length === 0) {
    config.report('', 'the field CSVHeaders must name a column with CSVHeaderLocation GIVEN');
  }
  return {
    type: 'CSV',
    delimiter: DELIMITERS[delimiter ?? 'COMMA'],
    headers: location === 'GIVEN' ? headers : undefined,
  };
}

/** The steps of a JSON pointer (RFC 6901). */
function loadPointer(config: FieldReader): string[] {
  const pointer = config.text('ItemsPointer') ?? '';
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) config.report('ItemsPointer', 'must be a JSON pointer, which starts with /');
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function loadItemBatcher(map: FieldReader, language: QueryLanguage): ItemBatcher | undefined {
  const reader = map.object('ItemBatcher');
  if (reader === undefined) return undefined;
  const limits = [
    'MaxItemsPerBatch',
    'MaxItemsPerBatchPath',
    'MaxInputBytesPerBatch',
    'MaxInputBytesPerBatchPath',
  ];
  if (!limits.some((field) => reader.has(field))) {
    reader.report('', 'needs MaxItemsPerBatch or MaxInputBytesPerBatch');
  }
  const batcher = {
    maxItems: loadNumber(reader, 'MaxItemsPerBatch', 1, language, MAX_ITEMS),
    maxInputBytes: loadNumber(reader, 'MaxInputBytesPerBatch', 1, language, PAYLOAD_LIMIT),
    batchInput: loadTemplate(reader, 'BatchInput', language, 'ItemBatcher/BatchInput'),
  };
  reader.refuseOtherFields(language);
  return batcher;
}

function loadResultWriter(map: FieldReader, language: QueryLanguage): ResultWriter {
  const reader = map.object('ResultWriter');
  // What AWS does with the results if nobody says anything.
  if (reader === undefined) return { parameters: undefined, outputType: 'JSON', transformation: 'COMPACT' };
  const name = parametersField(language);
  const toS3 = reader.has('Resource') || reader.has(name);
  if (!toS3 && !reader.has('WriterConfig')) {
    reader.report('', `needs Resource and ${name}, or WriterConfig, or all three`);
  }
  if (toS3) loadS3Action(reader, ['putObject']);
  const parameters = toS3 ? loadParameters(reader, language, 'ResultWriter') : undefined;
  const config = reader.object('WriterConfig');
  const outputType = config?.oneOf('OutputType', ['JSON', 'JSONL']) ?? 'JSON';
  const transformation =
    config?.oneOf('Transformation', ['NONE', 'COMPACT', 'FLATTEN']) ?? (toS3 ? 'NONE' : 'COMPACT');
  config?.refuseOtherFields(language);
  reader.refuseOtherFields(language);
  return { parameters, outputType, transformation };
}
