import { loadDefinition, type ObjectStore, startExecution } from '../src/index.ts';

/**
 * What the interpreter itself costs in a Distributed Map: a handler that does nothing, rows made as they are
 * read, results that are counted and dropped.
 *
 *     node bench/distributed-map.ts            # all cases
 *     node --expose-gc bench/distributed-map.ts 10000000 100   # one: rows, rows a batch
 */

const HEADER = 'id,name,email,amount,quantity,price,status,created_date,region_code\n';

/** A CSV file of so many rows that is nowhere but in the reader's hands. */
async function* csvFile(rows: number): AsyncGenerator<Uint8Array, void> {
  let text = HEADER;
  for (let row = 0; row < rows; row += 1) {
    text += `${row},Name ${row},user${row}@example.com,${row % 1_000}.5,${row % 7},12.50,ACTIVE,2026-01-02 03:04:05,0${row % 5}\n`;
    if (text.length < 64 * 1024) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

function storeOf(rows: number): ObjectStore & { readonly written: () => number } {
  let written = 0;
  return {
    written: () => written,
    head: async () => ({ size: rows, etag: 'bench' }),
    read: async () => csvFile(rows),
    async *list() {},
    async put(_, body) {
      for await (const part of body) written += part.length;
    },
  };
}

function machineOf(batch: number, writes: boolean) {
  return loadDefinition({
    StartAt: 'ProcessRows',
    States: {
      ProcessRows: {
        Type: 'Map',
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
          Parameters: { Bucket: 'raw', Key: 'orders.csv' },
        },
        ...(batch > 1 ? { ItemBatcher: { MaxItemsPerBatch: batch } } : {}),
        MaxConcurrency: 40,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Handle',
          States: { Handle: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true } },
        },
        ...(writes
          ? {
              ResultWriter: {
                Resource: 'arn:aws:states:::s3:putObject',
                Parameters: { Bucket: 'curated', Prefix: 'map-results' },
              },
            }
          : { ResultPath: null }),
        End: true,
      },
    },
  });
}

async function measure(rows: number, batch: number, writes: boolean): Promise<void> {
  const objects = storeOf(rows);
  let peak = 0;
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(sample, 50);
  const start = performance.now();
  let calls = 0;
  const execution = startExecution(machineOf(batch, writes), {
    name: 'bench',
    input: {},
    objects,
    handlers: {
      'lambda:invoke': async () => {
        calls += 1;
        // A promise-only run gives timers no turn.
        if (calls % 1_000 === 0) sample();
        return null;
      },
    },
  });
  const result = await execution.result;
  clearInterval(timer);
  const ms = performance.now() - start;
  const children = Math.ceil(rows / batch);
  // A million nulls are no payload: without a ResultWriter the state fails in the end, as on AWS.
  if (calls !== children) throw new Error(`${calls} of ${children} children: ${JSON.stringify(result)}`);
  const reading = await readingMs(rows);
  const line = [
    `${rows.toLocaleString('en')} rows`,
    `${children.toLocaleString('en')} children`,
    writes ? 'ResultWriter' : 'no writer',
    `${(ms / 1_000).toFixed(2)} s`,
    `${Math.round(rows / (ms / 1_000)).toLocaleString('en')} rows/s`,
    `${(((ms - reading) * 1_000) / children).toFixed(1)} µs a child without the reading`,
    `${(peak / 1024 ** 2).toFixed(0)} MB peak RSS`,
  ];
  console.log(line.join(' | '));
}

/** Milliseconds that making the file takes, which is no work of the interpreter. */
async function readingMs(rows: number): Promise<number> {
  const start = performance.now();
  for await (const _ of csvFile(rows));
  return performance.now() - start;
}

const [rows, batch] = process.argv.slice(2).map(Number);
if (rows !== undefined && batch !== undefined) {
  await measure(rows, batch, true);
} else {
  await measure(100_000, 1, false);
  await measure(100_000, 1, true);
  for (const size of [1_000_000, 3_000_000, 10_000_000]) await measure(size, 100, true);
}
