import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import * as expressions from '../../packages/record-schema/src/expressions.ts';
import {
  MALFORMED_CODES,
  NOT_PROCESSED,
  REFUSAL_CODES,
  VALUE_CODES,
} from '../../packages/record-transform/src/outcome.ts';
import { artefacts } from '../generate/artefacts.ts';
import { anchorsOf, codeSpans, localLinks, tableRows, typedCommands } from './markdown.ts';

// What the documentation says of the code, compared with the code.

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const found = (pattern: string): string[] => globSync(pattern, { cwd: root }).sort();

const pages = ['*.md', 'docs/{,adr/,runbooks/}*.md', '{apps,packages,infra}/{,*/}*.md'].flatMap(found);
const workspaces = found('{apps/*,packages/*,infra}/package.json').map((manifest) => dirname(manifest));

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string): Manifest => JSON.parse(read(join(folder, 'package.json')));

const sluice = spawnSync(join(root, 'node_modules/.bin/node'), ['apps/cli/src/main.ts', '--help'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, NODE_OPTIONS: '' },
});

describe.each(pages)('%s', (page) => {
  const text = read(page);

  test('links to files and headings that are there', () => {
    const broken = localLinks(text).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : relative(root, resolve(root, dirname(page), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('names commands that exist', () => {
    const inRoot = Object.keys(manifestOf('.').scripts ?? {});
    const inWorkspaces = workspaces.flatMap((folder) => Object.keys(manifestOf(folder).scripts ?? {}));
    const commands = [...sluice.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    const known = [
      ...['start', 'test', 'install'].map((name) => `npm ${name}`),
      ...inRoot.flatMap((name) => [`npm run ${name}`, `pnpm run ${name}`]),
      ...[...inRoot, ...inWorkspaces].map((name) => `pnpm ${name}`),
      ...commands.map((name) => `sluice ${name}`),
    ];
    const typed = typedCommands(text).flatMap(
      (code) => /^(p?npm run \S+|npm \S+|pnpm [a-z]\S*|sluice [a-z]+)/.exec(code)?.[1] ?? [],
    );
    expect(typed.filter((command) => !known.includes(command))).toEqual([]);
  });
});

describe('the README', () => {
  const readme = read('README.md');

  test('has every workspace in its table of rooms', () => {
    const rooms = tableRows(readme, /The rooms/).map(([room = '']) => /\[(.*)\]/.exec(room)?.[1]);
    expect(rooms.sort()).toEqual([...workspaces, 'scripts'].sort());
  });

  test('has every exit code of the command line', () => {
    const [, listed = ''] = sluice.stdout.split('Exit codes');
    const codes = listed.match(/\b\d+\b/g) ?? [];
    const table = tableRows(readme, /Your own file/).flatMap(([cell = '']) => cell.split(', '));
    expect(codes.length).toBeGreaterThan(4);
    expect(table.sort()).toEqual([...codes].sort());
  });
});

describe('what a row means', () => {
  const semantics = read('docs/semantics.md');

  test('has every reason code, in the order in which they are reported', () => {
    const codes = tableRows(semantics, /Reason codes/).flatMap(([cell]) => codeSpans(cell));
    expect(codes).toEqual([...MALFORMED_CODES, ...VALUE_CODES, NOT_PROCESSED]);
  });

  test.each([
    ['Records of a stream', 'apps/ingest-stream/src/judge-record.ts', /RECORD_CODES = \[([^\]]*)\]/],
    ['Records that are posted', 'apps/ingest-api/src/judge-record.ts', /POSTED_CODES = \[([^\]]*)\]/],
  ])('has every reason beside them of %s', (heading, file, list) => {
    const [, listed = ''] = list.exec(read(file)) ?? [];
    const codes = tableRows(semantics, new RegExp(heading)).flatMap(([cell]) => codeSpans(cell));
    expect(codes).toEqual([...listed.matchAll(/'(\w+)'/g)].map(([, code]) => code));
    expect(codes).not.toEqual([]);
  });

  test('has every refusal code', () => {
    const steps = ['apps/validate-object/src/validate-object.ts', 'apps/publish-run/src/reject-run.ts'].map(
      read,
    );
    const ofSteps = steps.flatMap((source) =>
      [...source.matchAll(/(?:refuse\(\s*|code: )'([a-z_]+)'/g)].map(([, code = '']) => code),
    );
    const codes = tableRows(semantics, /Refusal codes/).flatMap(([cell]) => codeSpans(cell));
    expect(codes.sort()).toEqual([...new Set([...REFUSAL_CODES, ...ofSteps])].sort());
  });

  test('has every expression', () => {
    const names = tableRows(semantics, /Expressions/).flatMap(([cell]) => codeSpans(cell));
    expect(names.sort()).toEqual(Object.keys(expressions).sort());
  });
});

test('every dependency has a reason', () => {
  const used = ['.', 'scripts', ...workspaces].flatMap((folder) => {
    const { dependencies, devDependencies } = manifestOf(folder);
    return Object.keys({ ...dependencies, ...devDependencies });
  });
  const named = tableRows(read('docs/adr/0007-dependencies.md'), /Decision/).flatMap(([cell]) =>
    codeSpans(cell),
  );
  const others = [...new Set(used)].filter(
    (name) => !name.startsWith('@sluice/') && !name.startsWith('@types/'),
  );
  expect(named.filter((name) => !name.startsWith('@types/')).sort()).toEqual(others.sort());
});

test('every decision is in the list of decisions', () => {
  const decisions = found('docs/adr/0*.md').map((path) => path.replace('docs/adr/', ''));
  expect(localLinks(read('docs/adr/README.md'))).toEqual(decisions);
});

test.each(await artefacts())('$path is up to date (else: npm run generate)', async ({ path, make }) => {
  expect(read(path)).toBe(await make());
});
