import { describe, expect, test } from '@jest/globals';
import { CSV, distributed, GET, LIST, PASS_PROCESSOR, PUT } from './distributed-machine.ts';
import { problemsOf, single } from './run-machine.ts';

const problems = (fields: object) => problemsOf(distributed(fields, PASS_PROCESSOR));
const reader = (fields: object) => ({
  ItemReader: { Resource: GET, Parameters: { Bucket: 'b', Key: 'k' }, ...fields },
});
const config = (ReaderConfig: object) => reader({ ReaderConfig });
const list = (ReaderConfig: object) => ({
  ItemReader: { Resource: LIST, Parameters: { Bucket: 'b' }, ReaderConfig },
});
const GIVEN = { InputType: 'CSV', CSVHeaderLocation: 'GIVEN' };

describe('a Distributed Map', () => {
  test.each<[object]>([
    [config({ ...CSV, CSVDelimiter: 'TAB', MaxItems: 10 })],
    [config({ ...GIVEN, CSVHeaders: ['a'], MaxItemsPath: '$.n' })],
    [config({ InputType: 'JSON', ItemsPointer: '/a/b' })],
    [config({ InputType: 'JSONL' })],
    [config({ InputType: 'PARQUET' })],
    [config({ InputType: 'MANIFEST' })],
    [config({ ManifestType: 'S3_INVENTORY' })],
    [config({ ManifestType: 'ATHENA_DATA', InputType: 'PARQUET' })],
    [list({ MaxItems: 5 })],
    [list({ Transformation: 'NONE' })],
    [list({ ...CSV, Transformation: 'LOAD_AND_FLATTEN' })],
    [{ ItemBatcher: { MaxItemsPerBatchPath: '$.n', MaxInputBytesPerBatchPath: '$.m' } }],
    [{ ItemBatcher: { MaxInputBytesPerBatch: 262_144 } }],
    [{ ToleratedFailureCountPath: '$.n', ToleratedFailurePercentagePath: '$.p' }],
    [{ Label: 'Rows_of-orders' }],
    [{ ResultWriter: { Resource: PUT, Parameters: { Bucket: 'b' }, WriterConfig: { OutputType: 'JSONL' } } }],
    // "asl-validator rejects what AWS takes: MaxItems 0, fractional percentages, a ResultWriter with only WriterConfig."
    [config({ ...CSV, MaxItems: 0 })],
    [{ ToleratedFailurePercentage: 0.5 }],
    [{ ResultWriter: { WriterConfig: { OutputType: 'JSON', Transformation: 'FLATTEN' } } }],
  ])('with %j is taken', (fields) => {
    expect(problems(fields)).toEqual([]);
  });

  test('may stand in the former field Iterator', () => {
    const Iterator = {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
      ...PASS_PROCESSOR,
    };
    expect(problemsOf(single({ Type: 'Map', Iterator, ToleratedFailureCount: 1, End: true }))).toEqual([]);
  });

  test.each<[object, string]>([
    [reader({ Resource: PUT }), '/ItemReader/Resource: must be arn:aws:states:::s3:getObject or'],
    [reader({ Parameters: undefined }), '/ItemReader: the field Parameters is required'],
    [reader({}), '/ItemReader: the field ReaderConfig is required with s3:getObject'],
    [config({}), '/ItemReader/ReaderConfig: the field InputType is required'],
    [config({ InputType: 'XML' }), '/ReaderConfig/InputType: must be CSV or'],
    [config({ InputType: 'CSV' }), '/ReaderConfig: the field CSVHeaderLocation is required'],
    [config({ ...CSV, CSVHeaderLocation: 'LAST_ROW' }), '/CSVHeaderLocation: must be FIRST_ROW or GIVEN'],
    [config(GIVEN), 'the field CSVHeaders must name a column'],
    [config({ ...GIVEN, CSVHeaders: [1] }), '/CSVHeaders[0]: must be a string'],
    [config({ ...CSV, CSVHeaders: ['a'] }), '/CSVHeaders: is allowed with CSVHeaderLocation GIVEN only'],
    [config({ ...CSV, CSVDelimiter: ',' }), '/CSVDelimiter: must be COMMA or'],
    [config({ ...CSV, ItemsPointer: '/a' }), '/ItemsPointer: is allowed with InputType JSON only'],
    [config({ InputType: 'JSON', ItemsPointer: 'a' }), '/ItemsPointer: must be a JSON pointer'],
    [config({ InputType: 'JSON', CSVDelimiter: 'TAB' }), '/CSVDelimiter: is allowed with InputType CSV only'],
    [
      config({ ...GIVEN, InputType: 'MANIFEST', CSVHeaders: ['a'], ManifestType: 'S3_INVENTORY' }),
      'CSVHeaders',
    ],
    [config({ InputType: 'MANIFEST', ManifestType: 'S3_INVENTORY' }), '/InputType: is not allowed with'],
    [config({ ...CSV, Transformation: 'LOAD_AND_FLATTEN' }), '/Transformation: LOAD_AND_FLATTEN is allowed'],
    [config({ ...CSV, MaxItems: -1 }), '/MaxItems: must be a number from 0 to 100000000'],
    [config({ ...CSV, MaxItems: 1.5 }), '/MaxItems: must be an integer'],
    [config({ ...CSV, MaxItems: 1, MaxItemsPath: '$.n' }), 'gives MaxItems and MaxItemsPath'],
    [list(CSV), '/InputType: is allowed with Transformation LOAD_AND_FLATTEN only'],
    [list({ ManifestType: 'S3_INVENTORY' }), '/ManifestType: is allowed with s3:getObject only'],
    [{ ItemBatcher: {} }, '/ItemBatcher: needs MaxItemsPerBatch or MaxInputBytesPerBatch'],
    [{ ItemBatcher: { MaxItemsPerBatch: 0 } }, '/MaxItemsPerBatch: must be a number from 1'],
    [
      { ItemBatcher: { MaxInputBytesPerBatch: 262_145 } },
      '/MaxInputBytesPerBatch: must be a number from 1 to 262144',
    ],
    [{ ItemBatcher: { MaxItemsPerBatch: 1, Size: 1 } }, '/ItemBatcher/Size: is not supported here'],
    [{ ToleratedFailurePercentage: 101 }, '/ToleratedFailurePercentage: must be a number from 0 to 100'],
    [{ ToleratedFailureCount: 1.5 }, '/ToleratedFailureCount: must be an integer'],
    [
      { ToleratedFailureCount: 1, ToleratedFailureCountPath: '$.n' },
      'gives ToleratedFailureCount and ToleratedFailureCountPath',
    ],
    [{ Label: 'x'.repeat(41) }, '/Label: must have 1 to 40 characters'],
    [{ Label: 'a b' }, '/Label: holds a character that is not allowed'],
    [{ ResultWriter: {} }, '/ResultWriter: needs Resource and Parameters, or WriterConfig'],
    [{ ResultWriter: { Resource: PUT } }, '/ResultWriter: the field Parameters is required'],
    [{ ResultWriter: { Parameters: {} } }, '/ResultWriter: the field Resource is required'],
    [{ ResultWriter: { Resource: GET, Parameters: {} } }, '/Resource: must be arn:aws:states:::s3:putObject'],
    [{ ResultWriter: { WriterConfig: { OutputType: 'CSV' } } }, '/OutputType: must be JSON or JSONL'],
    [{ ResultWriter: { WriterConfig: { Transformation: 'ZIP' } } }, '/Transformation: must be NONE or'],
  ])('with %j is refused when the definition is loaded', (fields, message) => {
    const found = problems(fields).join('\n');
    expect(found).toContain(message);
    expect(found).toContain('/States/Only/');
  });

  test('needs an ExecutionType', () => {
    const ItemProcessor = { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...PASS_PROCESSOR };
    expect(problemsOf(single({ Type: 'Map', ItemProcessor, End: true })).join()).toContain(
      '/ProcessorConfig: the field ExecutionType is required with Mode DISTRIBUTED',
    );
  });

  test.each([
    { ItemReader: {} },
    { ItemBatcher: {} },
    { ResultWriter: {} },
    { ToleratedFailurePercentagePath: '$.p' },
    { Label: 'x' },
  ])('an inline one with %j is refused', (fields) => {
    const [field] = Object.keys(fields);
    expect(problemsOf(single({ Type: 'Map', ItemProcessor: PASS_PROCESSOR, End: true, ...fields }))).toEqual([
      `/States/Only/${field}: is allowed with Mode DISTRIBUTED only`,
    ]);
  });
});
