import { MOMENTS_IN_ORDER, type Moment } from './moments.ts';
import type { Victim } from './processes.ts';

/** One way in which a run by Spark can go wrong: a row of docs/engines.md, and a test. */
export interface SparkFault {
  readonly what: string;
  /** Markdown. Each code span is in what the run says of its failure; null: it goes well all the same. */
  readonly sees: string | null;
  readonly how: Kill | Surroundings;
  /** Also where the tests have little time. */
  readonly always: boolean;
}

export interface Kill {
  readonly victim: Victim;
  readonly moment: Moment;
  /** Workers, one after the other as they are started: of one task, whose fourth failure is that of the run. */
  readonly times: number;
}

type Surroundings = 'disk-full' | 'read-only-staging';

const people: Readonly<Record<Victim, string>> = {
  driver: 'The Python program',
  jvm: 'The JVM, driver and executor in one,',
  worker: 'A Python worker',
};

const sees = (victim: 'driver' | 'jvm', moment: Moment): string => {
  if (victim === 'driver') return '`Spark was ended by SIGKILL`';
  return moment === 'while Spark starts' ? '`Java gateway process exited`' : "`Spark's JVM has ended`";
};

const kills = (['driver', 'jvm'] as const).flatMap((victim) =>
  MOMENTS_IN_ORDER.map((moment): SparkFault => {
    const always = victim === 'jvm' && moment === 'while accepted rows are written';
    const how = { victim, moment, times: 1 };
    return { what: `${people[victim]} is killed ${moment}`, sees: sees(victim, moment), how, always };
  }),
);

// There is no worker before rows are read.
const AT_ONCE = 'while Spark starts';

export const sparkFaults: readonly SparkFault[] = [
  ...kills,
  {
    what: 'A Python worker is killed, as by a system that is short of memory',
    sees: null,
    how: { victim: 'worker', moment: AT_ONCE, times: 1 },
    always: false,
  },
  {
    what: 'A task fails three times, since its Python worker dies each time',
    sees: null,
    how: { victim: 'worker', moment: AT_ONCE, times: 3 },
    always: false,
  },
  {
    what: 'It fails a fourth time',
    sees: '`split 0, tried 4 times`',
    how: { victim: 'worker', moment: AT_ONCE, times: 100 },
    always: false,
  },
  { what: 'The disk is full', sees: '`No space left`', how: 'disk-full', always: false },
  {
    what: 'The staging folder cannot be written to',
    sees: '`EROFS`',
    how: 'read-only-staging',
    always: false,
  },
];
