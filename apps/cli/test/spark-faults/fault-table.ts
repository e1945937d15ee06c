import { readFile } from 'node:fs/promises';
import { sparkFaults } from './faults.ts';

const page = new URL('../../../../docs/engines.md', import.meta.url);
const [begin, end] = ['<!-- faults: generated from the tests -->\n', '<!-- end of faults -->\n'];

const table = (): string =>
  [
    '| what goes wrong | what the run says | what is published | what to type |',
    '| --- | --- | --- | --- |',
    ...sparkFaults.map(({ what, sees }) =>
      sees === null
        ? `| ${what} | nothing: Spark does the task again | everything | — |`
        : `| ${what} | ${sees} | nothing | the same command again |`,
    ),
  ].join('\n');

/** docs/engines.md with a row for each fault that is tested. */
export const enginesPage = async (): Promise<string> => {
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error('docs/engines.md has no place for the faults');
  return `${before}${begin}${table()}\n${end}${after}`;
};
