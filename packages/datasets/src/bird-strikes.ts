import {
  date,
  decimal,
  defineDataset,
  eq,
  gt,
  integer,
  lit,
  matches,
  month,
  ne,
  not,
  plus,
  text,
  year,
} from '@sluice/record-schema';

const dollars = <const From extends string>(from: From, doc: string) =>
  decimal(12, 2, { from, min: '0', doc });

export const birdStrikes = defineDataset({
  name: 'bird_strikes',
  doc: 'Collisions of aircraft with wildlife, as reported to the Federal Aviation Administration.',
  source: { formats: ['csv'] },
  fields: {
    airport: text({ from: 'Airport Name', required: true, trim: true, doc: 'Nearest airport, in capitals.' }),
    aircraft: text({ from: 'Aircraft Make Model', trim: true, doc: 'Make and model.' }),
    damage: text({
      from: 'Effect Amount of damage',
      required: true,
      oneOf: ['None', 'Minor', 'Medium', 'Substantial'],
      doc: 'What became of the aircraft.',
    }),
    flight_date: date({ from: 'Flight Date', required: true, min: '1990-01-01', doc: 'Day of the strike.' }),
    operator: text({
      from: 'Aircraft Airline Operator',
      trim: true,
      doc: 'Airline, `MILITARY` or `BUSINESS`.',
    }),
    state: text({ from: 'Origin State', doc: 'State that the flight came from.' }),
    phase: text({ from: 'Phase of flight', doc: 'What the aircraft was doing.' }),
    wildlife_size: text({
      from: 'Wildlife Size',
      oneOf: ['Small', 'Medium', 'Large'],
      doc: 'Size of the animal.',
    }),
    species: text({ from: 'Wildlife Species', doc: 'Species, or `Unknown bird` and its size.' }),
    time_of_day: text({
      from: 'Time of day',
      lower: true,
      oneOf: ['dawn', 'day', 'dusk', 'night'],
      doc: 'Light at the time.',
    }),
    cost_other: dollars('Cost Other', 'Loss of revenue and the like, in dollars.'),
    cost_repair: dollars('Cost Repair', 'Cost of the repair, in dollars.'),
    cost_total: dollars('Cost Total $', 'The sum of both, in dollars.'),
    speed_knots: integer({
      from: 'Speed IAS in knots',
      min: 0,
      max: 600,
      onInvalid: 'null',
      doc: 'Indicated air speed.',
    }),
  },
  derived: ({ col }) => ({
    flight_year: year(col('flight_date')),
    flight_month: month(col('flight_date')),
    species_known: not(matches(col('species'), '^Unknown')),
    costly: gt(col('cost_total'), lit('100000', 'decimal')),
  }),
  rules: ({ col }) => ({
    in_motion: ne(col('phase'), lit('Parked')),
    costs_add_up: eq(plus(col('cost_other'), col('cost_repair')), col('cost_total')),
  }),
  quality: {
    threshold: 80,
    checks: [
      { check: 'max_invalid_percent', field: 'damage', percent: 5 },
      { check: 'max_null_percent', field: 'speed_knots', percent: 50, level: 'warning' },
    ],
  },
});
