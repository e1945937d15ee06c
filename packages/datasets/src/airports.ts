import { concat, defineDataset, double, eq, ge, lit, text } from '@sluice/record-schema';

const NOT_AVAILABLE = ['', 'NA'];

export const airports = defineDataset({
  name: 'airports',
  doc: 'Airports of the United States and its territories, with their place on the map.',
  source: { formats: ['csv'] },
  fields: {
    iata: text({
      required: true,
      trim: true,
      pattern: '^[0-9A-Z]{3,4}$',
      doc: 'Location identifier: three letters or digits, four for private fields.',
    }),
    name: text({ required: true, trim: true, doc: 'Name, without "Airport".' }),
    city: text({ trim: true, nullTokens: NOT_AVAILABLE, doc: 'City that the airport serves.' }),
    state: text({ nullTokens: NOT_AVAILABLE, pattern: '^[A-Z]{2}$', doc: 'Postal code of the state.' }),
    country: text({ required: true, doc: 'Country in English; the United States are `USA`.' }),
    latitude: double({ required: true, min: -90, max: 90, doc: 'Degrees north of the equator.' }),
    longitude: double({ required: true, min: -180, max: 180, doc: 'Degrees east of Greenwich.' }),
  },
  derived: ({ col }) => ({
    place: concat(col('city'), lit(', '), col('state')),
    // 66°34′ N; Alaska's fields beyond it have no night in June.
    arctic: ge(col('latitude'), lit(66.5667)),
  }),
  rules: ({ col }) => ({ domestic: eq(col('country'), lit('USA')) }),
  quality: {
    threshold: 90,
    checks: [
      { check: 'max_null_percent', field: 'city', percent: 5 },
      { check: 'max_duplicate_percent', percent: 0 },
      { check: 'min_rows', rows: 1000, level: 'warning' },
    ],
  },
});
