import {
  defineDataset,
  double,
  ge,
  lit,
  lookup,
  lt,
  maskEmail,
  month,
  oneOf,
  text,
  times,
  timestamp,
  when,
  withinDays,
  year,
} from '@sluice/record-schema';

export const orders = defineDataset({
  name: 'orders',
  doc: 'An order line as the shops report it; only what is active or pending and at most a year old is published.',
  fields: {
    id: text({ required: true, doc: 'Number of the order in the shop.' }),
    name: text({ trim: true, upper: true, default: 'UNKNOWN', doc: 'Name of the customer.' }),
    email: text({ pii: true, doc: 'Address of the customer; published as `email_masked`.' }),
    amount: double({ doc: 'Amount of the whole order.' }),
    quantity: double({ doc: 'Units ordered.' }),
    price: double({ doc: 'Price of one unit.' }),
    status: text({ doc: 'State of the order, in capitals.' }),
    created_date: timestamp({ doc: 'When the order was placed, UTC.' }),
    region_code: text({ doc: 'Two digits, `01` to `04`; text, so that the zero stays.' }),
  },
  key: ['id'],
  derived: ({ col }) => ({
    email_masked: maskEmail(col('email')),
    total_amount: times(col('quantity'), col('price')),
    // No case is true of a null amount, so its category is null.
    amount_category: when([
      [lt(col('amount'), lit(1000)), lit('Small')],
      [lt(col('amount'), lit(10_000)), lit('Medium')],
      [ge(col('amount'), lit(10_000)), lit('Large')],
    ]),
    region_name: lookup(col('region_code'), { '01': 'North', '02': 'South', '03': 'East', '04': 'West' }),
    data_year: year(col('created_date')),
    data_month: month(col('created_date')),
  }),
  rules: ({ col }) => ({
    active_or_pending: oneOf(col('status'), ['ACTIVE', 'PENDING']),
    recent: withinDays(col('created_date'), 365),
  }),
});
