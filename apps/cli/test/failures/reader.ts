import { memoryStore } from '@sluice/lake-storage/memory';
import { loadDefinition, startExecution } from '@sluice/local-stepfunctions';

const CSV = { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' };

/** What Step Functions' reader makes of a file: its error with the cause, or how many items it gives, and the first. */
export const readerSays = async (
  content: string | Uint8Array,
  ReaderConfig: object = CSV,
): Promise<string> => {
  const store = memoryStore();
  await store.put({ bucket: 'raw', key: 'data' }, Buffer.from(content));
  const machine = loadDefinition({
    StartAt: 'Rows',
    States: {
      Rows: {
        Type: 'Map',
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig,
          Parameters: { Bucket: 'raw', Key: 'data' },
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
          StartAt: 'Done',
          States: { Done: { Type: 'Pass', End: true } },
        },
        End: true,
      },
    },
  });
  const execution = startExecution(machine, {
    name: 'reading',
    input: {},
    handlers: {},
    objects: { head: store.head, read: store.read, list: store.list, put: store.put },
  });
  const { status, error, cause, output } = await execution.result;
  if (status !== 'SUCCEEDED') return `${error}: ${cause}`;
  const items = Array.isArray(output) ? output : [];
  return `${items.length} items${items.length === 0 ? '' : `: ${JSON.stringify(items[0])}`}`;
};
