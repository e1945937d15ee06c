import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from '@jest/globals';
import { devPython, modulesOf, programFolder, sparkHere } from './python-tools.ts';

/** One of pytest's tests. `failure`: what pytest says of it. */
interface PythonTest {
  readonly name: string;
  readonly failure: string | null;
  readonly skipped: boolean;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const textOf = (xml: string): string =>
  xml.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) =>
    code === undefined ? (entities[name] ?? all) : String.fromCodePoint(Number(code)),
  );

/** Reads the report that pytest writes with `--junit-xml`. */
const readReport = (xml: string): readonly PythonTest[] =>
  [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, module = '', name = '', body = '']) => ({
      name: textOf(
        `${module.replace(/^test\.test_/, '')}: ${name.replace(/^test_/, '').replaceAll('_', ' ')}`,
      ),
      failure: /<(?:failure|error)\b[^>]*>(.*?)<\//s.exec(body)?.[1] ?? null,
      skipped: body.includes('<skipped'),
    }),
  );

const runPytest = async (): Promise<readonly PythonTest[] | { readonly missing: string }> => {
  const spark = await sparkHere();
  if ('missing' in spark) return spark;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-pytest-'));
  try {
    const report = join(folder, 'report.xml');
    const child = spawn(
      spark.python,
      ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--junit-xml', report],
      {
        cwd: programFolder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          ...spark.variables,
          // Spark's own environment has pyspark, and need not be installed twice for pytest's sake.
          PYTHONPATH: [programFolder, modulesOf(await devPython())].join(delimiter),
          PYTHONDONTWRITEBYTECODE: '1',
          // Small data: to compile it all well takes longer than to run it as it is.
          JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1',
          TMPDIR: folder,
        },
      },
    );
    let said = '';
    const listen = (chunk: Buffer): void => {
      said = `${said}${chunk.toString('utf8')}`.slice(-20_000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    await once(child, 'close');
    const found = await readFile(report, 'utf8').then(readReport, () => []);
    // An error before the first test is told by its words alone.
    return found.length > 0 ? found : [{ name: 'starts', failure: said, skipped: false }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const tests = await runPytest();

describe('pytest', () => {
  if ('missing' in tests) {
    process.stderr.write(
      `${process.env.CI ? 'FAILED' : 'SKIPPED: tests of the Spark program'}. ${tests.missing}\n`,
    );
    (process.env.CI ? test : test.skip)('has a Spark to run with', () => {
      throw new Error(tests.missing);
    });
    return;
  }
  for (const { name, failure, skipped } of tests) {
    (skipped ? test.skip : test)(name, () => {
      if (failure !== null) throw new Error(textOf(failure));
    });
  }
});
