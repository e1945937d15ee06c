import type { Round } from './no-loss-round.ts';

const whole = new Intl.NumberFormat('en-US');

/** A line for each round, then what they went through together. */
export const summaryOf = (rounds: readonly Round[]): string => {
  const faults = new Map<string, number>();
  for (const round of rounds)
    for (const [name, times] of round.faults) faults.set(name, (faults.get(name) ?? 0) + times);
  const lines = rounds.map(
    ({ seed, orders, poison, inStream, rawObjects, runs, kills, wrong, seconds }) =>
      `seed ${seed}  ${whole.format(orders)} orders + ${whole.format(poison)} poison  ${whole.format(inStream)} in the stream  ${kills} producers killed  ${rawObjects} objects  ${runs} runs  ${seconds.toFixed(0)} s  ${wrong.length === 0 ? 'each once' : 'WRONG'}`,
  );
  const injected = [...faults]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${whole.format(times)} ${name}`);
  const wrong = rounds.flatMap((round) => round.wrong.map((what) => `WRONG ${round.seed}: ${what}`));
  return `${[...lines, `faults: ${injected.join(', ')}`, ...wrong].join('\n')}\n`;
};
