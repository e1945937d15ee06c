/** What Step Functions' reader can be asked to read, and csv-map does not ask it to. */
export interface Reading {
  readonly what: string;
  readonly content: string | Uint8Array;
  readonly config: object;
  readonly says: string;
}

const given = (...CSVHeaders: readonly string[]) => ({
  InputType: 'CSV',
  CSVHeaderLocation: 'GIVEN',
  CSVHeaders,
});
const rows = '1,2,3\n4,5,6\n';
const inventory = {
  destinationBucket: 'arn:aws:s3:::raw',
  fileFormat: 'CSV',
  fileSchema: 'Bucket, Key',
  files: [{ key: 'gone.csv' }],
};

export const readings: readonly Reading[] = [
  {
    what: 'Given headers, fewer than the rows have cells: they are cut',
    content: rows,
    config: given('a', 'b'),
    says: '{"a":"1","b":"2"}',
  },
  {
    what: 'Given headers, more than the rows have cells: they are padded',
    content: rows,
    config: given('a', 'b', 'c', 'd'),
    says: '{"a":"1","b":"2","c":"3","d":""}',
  },
  {
    what: 'Given headers, two of them the same',
    content: rows,
    config: given('a', 'a', 'b'),
    says: 'States.ItemReaderFailed: CSV headers cannot contain duplicates.',
  },
  {
    what: 'Given headers, and a header row: it is an item',
    content: `a,b,c\n${rows}`,
    config: given('a', 'b', 'c'),
    says: '{"a":"a","b":"b","c":"c"}',
  },
  {
    what: 'Another delimiter than the file has: one cell',
    content: 'a;b\n1;2\n',
    config: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW', CSVDelimiter: 'COMMA' },
    says: '{"a;b":"1;2"}',
  },
  {
    what: 'Bytes that are not UTF-8: replaced',
    content: Buffer.from('a\nzo\xeb\n', 'latin1'),
    config: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
    says: '{"a":"zo\ufffd"}',
  },
  {
    what: 'A manifest that names an object that is not there',
    content: JSON.stringify(inventory),
    config: { InputType: 'MANIFEST' },
    says: 'States.ItemReaderFailed: The specified key does not exist: s3://raw/gone.csv',
  },
  {
    what: 'A manifest that is none',
    content: 'gone.csv\n',
    config: { InputType: 'MANIFEST' },
    says: 'States.ItemReaderFailed: s3://raw/data is no manifest',
  },
];
