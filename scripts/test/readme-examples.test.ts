import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import type { PublishedColumn } from '../../packages/record-schema/src/index.ts';
import type { RowFate, Value } from '../../packages/record-transform/src/outcome.ts';
import { codeBlocks, tableRows } from './markdown.ts';

// What README.md shows, done.

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'readme-'));
afterAll(() => rmSync(folder, { recursive: true }));
// Each starts a compiler or an engine, on machines with two busy cores.
jest.setTimeout(120_000);

const run = (command: string, args: readonly string[], cwd: string) =>
  spawnSync(join(root, 'node_modules/.bin', command), args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
  });

describe('the dataset of the README', () => {
  const [source = ''] = codeBlocks(readme, 'ts');
  const [csv = ''] = codeBlocks(readme, 'csv');

  test('compiles', () => {
    writeFileSync(join(folder, 'shipments.mts'), source);
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { '@sluice/record-schema': [join(root, 'packages/record-schema/src/index.ts')] },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [],
      files: ['shipments.mts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const { stdout, status } = run('tsc', ['--project', folder], folder);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  test('does with the rows of the README what the README says', () => {
    const program = `
      import { transformRows } from '@sluice/record-transform/typescript';
      ${source}
      const object = { key: 'shipments.csv', chunks: [Buffer.from(${JSON.stringify(csv)})] };
      const outcomes = [];
      for await (const { outcome } of transformRows(shipments, object, { asOf: 0 })) outcomes.push(outcome);
      console.log(JSON.stringify({ columns: shipments.columns, outcomes }));
    `;
    const args = [
      '--input-type=module-typescript',
      '--disable-warning=ExperimentalWarning',
      '--eval',
      program,
    ];
    // From a folder where both packages are dependencies.
    const { stdout, stderr } = run('node', args, join(root, 'apps/cli'));
    expect(stderr).toBe('');
    const { columns, outcomes }: Answer = JSON.parse(stdout);
    const told = outcomes.map((outcome, at) => [String(at + 1), inWords(outcome, columns)]);
    expect(told).toEqual(tableRows(readme, /Your own dataset/));
  });
});

interface Answer {
  readonly columns: readonly PublishedColumn[];
  readonly outcomes: readonly RowFate[];
}

function inWords(outcome: RowFate, columns: readonly PublishedColumn[]): string {
  switch (outcome.fate) {
    case 'accepted':
      return `accepted: ${outcome.values.map((value, at) => `\`${shown(value, columns[at])}\``).join(', ')}`;
    case 'filtered':
      return `filtered: \`${outcome.rule}\``;
    case 'duplicate':
      return 'duplicate';
    case 'quarantined':
      return `quarantined: ${outcome.reasons.map(({ field, code }) => `\`${field}\` \`${code}\``).join(', ')}`;
  }
}

function shown(value: Value, column: PublishedColumn | undefined): string {
  if (column?.valueType.type !== 'timestamp') return String(value);
  return new Date(Number(value)).toISOString().slice(0, 19).replace('T', ' ');
}

test('the demo ends as the README shows', () => {
  const { stderr, status } = run('node', [join(root, 'apps/cli/src/main.ts'), 'demo'], folder);
  expect(status).toBe(0);
  // Blanks are for the eye, and times are of one machine.
  const plain = (line: string): string =>
    line
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/\d+(\.\d+)? (ms|s)\b/g, 'TIME')
      .trim();
  const printed = stderr.split('\n').map(plain);
  const shown = codeBlocks(readme, 'text')[0]?.trim().split('\n').map(plain) ?? [];
  expect(shown.length).toBeGreaterThan(10);
  const missing = shown.filter((line) => !printed.some((one) => one.startsWith(line.replace(/…$/, ''))));
  expect(missing).toEqual([]);
});
