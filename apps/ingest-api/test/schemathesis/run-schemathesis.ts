import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startHttpApi } from '@sluice/local-event-sources/http-api';
import { pythonEnvironment } from '@sluice/scripts/python-env';
import { httpEvent } from '@sluice/step-contracts';
import { startApi } from '../api.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const openApi = fileURLToPath(new URL('../../generated/openapi.json', import.meta.url));

export interface Run {
  readonly examples: number;
  readonly seed: number;
}

export interface Outcome {
  readonly found: boolean;
  /** Its summary; before that, if it found something, what that is. */
  readonly report: string;
  /** How many requests the API has answered with which status. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Tries the API, served on this machine over a stream that takes everything, by its generated document. */
export const runSchemathesis = async ({ examples, seed }: Run): Promise<Outcome> => {
  const python = await pythonEnvironment('requirements-schemathesis.txt');
  const { answerRequest } = startApi();
  const statuses = new Map<number, number>();
  const api = await startHttpApi({
    handler: async (event) => {
      const { response } = await answerRequest(httpEvent.parse(event));
      statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1);
      return response;
    },
  });
  const options = [
    ...['--url', api.url, '--checks', 'all', '--max-response-time', '5'],
    ...['--max-examples', String(examples), '--seed', String(seed), '--continue-on-failure'],
    ...['--generation-database', 'none', '--no-color', '--output-truncate', 'true'],
  ];
  try {
    return await new Promise((resolve) => {
      execFile(
        python,
        ['-m', 'schemathesis.cli', '--config-file', 'schemathesis.toml', 'run', openApi, ...options],
        // Its rich output wraps at the width of the terminal that it believes in.
        {
          cwd: folder,
          maxBuffer: 2 ** 28,
          env: { ...process.env, COLUMNS: '100', PYTHONDONTWRITEBYTECODE: '1' },
        },
        (error, stdout, stderr) => {
          const summary = stdout.slice(stdout.search(/^=+ SUMMARY/m));
          const findings = `${stdout.slice(0, 10_000)}\n${stderr.slice(-2_000)}\n`;
          resolve({ found: error !== null, report: (error ? findings : '') + summary, statuses });
        },
      );
    });
  } finally {
    await api.close();
  }
};
