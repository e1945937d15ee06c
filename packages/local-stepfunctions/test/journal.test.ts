import { expect, test } from '@jest/globals';
import {
  createMemoryJournal,
  loadDefinition,
  readJournal,
  redriveExecution,
  TaskError,
  type TaskHandlers,
} from '../src/index.ts';
import { CSV, distributed, readerOf, runMap, WRITER } from './distributed-machine.ts';
import { memoryObjects } from './memory-objects.ts';

const CONTENT = 'name\nann\nbob\ncyd\ndan\neve\nfay\n';

const mapWith = (WriterConfig: object) =>
  distributed({
    ...readerOf(CSV),
    ResultWriter: { ...WRITER.ResultWriter, WriterConfig },
    MaxConcurrency: 1,
    ItemBatcher: { MaxItemsPerBatch: 2 },
  });

const handlersWith = (fails: boolean): TaskHandlers => ({
  'lambda:invoke': async (input) => {
    if (fails && JSON.stringify(input).includes('cyd')) throw new TaskError('Bad');
    return 'done';
  },
});

/** Of three batches the first succeeds, the second fails, the last is not started. */
async function failed(definition: object) {
  const objects = memoryObjects({ 'in/data': CONTENT });
  const journal = createMemoryJournal();
  const { id } = await runMap(definition, { objects, journal, handlers: handlersWith(true) });
  let text = '';
  for await (const piece of journal.read()) text += piece;
  return { objects, journal, text, id };
}

test('a journal tells how an execution ended, where it would go on, and how many children are done', async () => {
  const machine = mapWith({ Transformation: 'COMPACT', OutputType: 'JSONL' });
  const { objects, journal } = await failed(machine);
  expect(await readJournal(journal)).toEqual({
    name: 'run-1',
    status: 'FAILED',
    redriveCount: 0,
    state: 'Only',
    childrenDone: 1,
  });
  const options = { objects, journal, handlers: handlersWith(false) };
  await (await redriveExecution(loadDefinition(machine), options)).result;
  expect(await readJournal(journal)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
  expect(await readJournal(createMemoryJournal())).toBeUndefined();
});

test.each(['COMPACT', 'FLATTEN'])('a journal has no items if results are %s', async (Transformation) => {
  const { text } = await failed(mapWith({ Transformation, OutputType: 'JSONL' }));
  expect(text).toContain('"type":"child"');
  expect(text).not.toMatch(/"(ann|bob|cyd|dan|eve|fay)"/);
});

test('a journal has the items of children that succeeded if results are to show them', async () => {
  const machine = mapWith({ Transformation: 'NONE', OutputType: 'JSONL' });
  const { objects, journal, text, id } = await failed(machine);
  expect(text).not.toMatch(/"(cyd|dan|eve|fay)"/);
  const options = { objects, journal, handlers: handlersWith(false) };
  await (await redriveExecution(loadDefinition(machine), options)).result;
  const results = objects.lines(`out/results/${id}/SUCCEEDED_0.jsonl`);
  const inputs = results.map((result) => String(Reflect.get(Object(result), 'Input')));
  expect(inputs.sort()).toEqual([
    '{"Items":[{"name":"ann"},{"name":"bob"}]}',
    '{"Items":[{"name":"cyd"},{"name":"dan"}]}',
    '{"Items":[{"name":"eve"},{"name":"fay"}]}',
  ]);
});
