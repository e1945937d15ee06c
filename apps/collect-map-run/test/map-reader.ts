import { memoryStore } from '@sluice/lake-storage/memory';
import { loadDefinition, startExecution } from '@sluice/local-stepfunctions';

const machine = loadDefinition({
  StartAt: 'Rows',
  States: {
    Rows: {
      Type: 'Map',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
        Parameters: { Bucket: 'raw', Key: 'a.csv' },
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

/** The items that Step Functions' own reader gives of a CSV object; null: it cannot read it. */
export const readByMap = async (content: Buffer): Promise<Readonly<Record<string, string>>[] | null> => {
  const objects = memoryStore();
  await objects.put({ bucket: 'raw', key: 'a.csv' }, content);
  const { head, read, list, put } = objects;
  const execution = startExecution(machine, {
    name: 'reading',
    input: {},
    handlers: {},
    objects: { head, read, list, put },
  });
  const { status, error, output } = await execution.result;
  if (status === 'SUCCEEDED') return JSON.parse(JSON.stringify(output));
  if (error !== 'States.ItemReaderFailed') throw new Error(`the reader ended in ${error}`);
  return null;
};
