import {
  and,
  decimal,
  defineDataset,
  divide,
  integer,
  isNull,
  lit,
  lt,
  not,
  text,
  when,
} from '@sluice/record-schema';

const millimetres = <const From extends string>(from: From, doc: string) =>
  decimal(5, 1, { from, min: '1', max: '500', doc });

export const penguins = defineDataset({
  name: 'penguins',
  doc: 'Penguins measured on three islands near Palmer Station, Antarctica, from 2007 to 2009.',
  source: { formats: ['json'], unknownColumns: 'reject' },
  // One bird's sex is given as a dot.
  nullTokens: ['', '.', 'NA'],
  fields: {
    species: text({
      from: 'Species',
      required: true,
      oneOf: ['Adelie', 'Chinstrap', 'Gentoo'],
      doc: 'Species.',
    }),
    island: text({ from: 'Island', required: true, oneOf: ['Biscoe', 'Dream', 'Torgersen'], doc: 'Island.' }),
    beak_length_mm: millimetres('Beak Length (mm)', 'Length of the beak.'),
    beak_depth_mm: millimetres('Beak Depth (mm)', 'Depth of the beak.'),
    flipper_length_mm: integer({
      from: 'Flipper Length (mm)',
      min: 100,
      max: 300,
      doc: 'Length of a flipper.',
    }),
    body_mass_g: integer({ from: 'Body Mass (g)', min: 1000, max: 10_000, doc: 'Weight.' }),
    sex: text({
      from: 'Sex',
      trim: true,
      lower: true,
      oneOf: ['female', 'male'],
      doc: 'Sex, where it was told.',
    }),
  },
  derived: ({ col }) => ({
    body_mass_kg: divide(col('body_mass_g'), lit(1000)),
    build: when(
      [
        [isNull(col('body_mass_g')), lit('unknown')],
        [lt(col('body_mass_g'), lit(3500)), lit('light')],
        [lt(col('body_mass_g'), lit(5000)), lit('middling')],
      ],
      lit('heavy'),
    ),
  }),
  rules: ({ col }) => ({
    measured: and(not(isNull(col('beak_length_mm'))), not(isNull(col('body_mass_g')))),
  }),
  partitions: ['process_year', 'process_month'],
  quality: { score: 'columns', checks: [{ check: 'max_null_percent', field: 'sex', percent: 10 }] },
});
