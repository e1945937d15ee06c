/** Many examples, another seed each time: `pnpm --filter @sluice/ingest-api test:schemathesis [examples] [seed]`. */
import { runSchemathesis } from './schemathesis/run-schemathesis.ts';

const [examples = '500', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const { found, report, statuses } = await runSchemathesis({ examples: Number(examples), seed: Number(seed) });
process.stdout.write(`${report}\nSeed ${seed}. Answers by status:\n`);
for (const [status, count] of [...statuses].sort()) process.stdout.write(`${status} ${count}\n`);
if (found) process.exitCode = 1;
