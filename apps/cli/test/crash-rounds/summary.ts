import type { Round } from './crash-round.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** How often each occurs, the most frequent first. */
const counted = (names: readonly string[]): string =>
  [...Map.groupBy(names, (name) => name)]
    .map(([name, all]) => ({ name, times: all.length }))
    .sort((a, b) => b.times - a.times || (a.name < b.name ? -1 : 1))
    .map(({ name, times }) => `${times} ${name}`)
    .join(', ');

const phaseOf = (point: string): string => point.replace(/^disk:.*/, 'in a write or delete');

/** What the rounds went through, for a person. */
export const summaryOf = (rounds: readonly Round[]): string => {
  const kills = rounds.flatMap((round) => round.kills);
  const lines = [
    `rounds       ${rounds.length}, seeds ${rounds[0]?.seed} to ${rounds.at(-1)?.seed}`,
    `wrong        ${rounds.filter(({ wrong }) => wrong.length > 0).length}`,
    `kills        ${kills.length}: ${counted(kills.map(phaseOf))}`,
    `redrives     ${sum(rounds.map(({ redrives }) => redrives))}, at most ${Math.max(...rounds.map(({ redrives }) => redrives))} of one run`,
    `started anew ${sum(rounds.map(({ startedAnew }) => startedAnew))}`,
    `faults       ${counted(rounds.flatMap(({ faults }) => faults.map((name) => name.replace('fault:', ''))))}`,
    `failed       ${counted(rounds.flatMap(({ failures }) => failures))}`,
    `set aside    ${sum(rounds.map(({ setAside }) => setAside))} rows in ${rounds.filter(({ setAside }) => setAside > 0).length} rounds`,
    `seconds      ${Math.round(sum(rounds.map(({ milliseconds }) => milliseconds)) / 1000)}, two rounds at a time`,
    ...rounds.flatMap(({ seed, wrong }) => wrong.map((what) => `WRONG ${seed} ${what}`)),
  ];
  return `${lines.join('\n')}\n`;
};
