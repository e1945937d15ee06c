/** Posts records in batches of 100 against the local stack; fails if it misses a mark. */
import { runLoad } from './load.ts';

const MIN_RECORDS_PER_SECOND = 3_000;
const MAX_P99_MS = 250;

const result = await runLoad({ requests: 600, recordsPerRequest: 100, connections: 4 });
const { recordsPerSecond, latencyMs, taken, lost, more, otherAnswers } = result;
const rows: readonly (readonly [what: string, figure: number, mark: string, isMet: boolean])[] = [
  ['records/s', recordsPerSecond, `≥ ${MIN_RECORDS_PER_SECOND}`, recordsPerSecond >= MIN_RECORDS_PER_SECOND],
  ['p50 ms', latencyMs.p50, '', true],
  ['p99 ms', latencyMs.p99, `< ${MAX_P99_MS}`, latencyMs.p99 < MAX_P99_MS],
  ['max ms', latencyMs.max, '', true],
  ['records taken', taken, '= 60000', taken === 60_000],
  ['of them lost', lost, '= 0', lost === 0],
  ['in the stream besides', more, '= 0', more === 0],
  ['other answers', otherAnswers, '= 0', otherAnswers === 0],
];
process.stdout.write('600 requests of 100 orders each, 4 at once\n');
for (const [what, figure, mark, isMet] of rows)
  process.stdout.write(
    `${what.padEnd(22)}${String(figure).padStart(8)}  ${mark}${isMet ? '' : '  MISSED'}\n`,
  );
if (rows.some(([, , , isMet]) => !isMet)) process.exitCode = 1;
