import { describe, expect, test } from '@jest/globals';
import type { AcceptedRow, InputRow } from '@sluice/record-schema';
import { orders } from '../src/index.ts';

describe('orders, the dataset of reference', () => {
  test('its columns, the raw address not among them', () => {
    const row: AcceptedRow<typeof orders> = {
      id: 'A-1',
      name: 'ADA',
      amount: 1000,
      quantity: 2,
      price: 500,
      status: 'ACTIVE',
      created_date: Date.UTC(2024, 0, 31),
      region_code: '01',
      email_masked: 'ad***@example.org',
      total_amount: 1000,
      amount_category: 'Medium',
      region_name: 'North',
      data_year: 2024,
      data_month: 1,
      process_year: 2024,
      process_month: 2,
      process_day: 1,
    };
    expect(Object.keys(row)).toEqual([...orders.columns.map((column) => column.name), ...orders.partitions]);
  });

  test('an order may be no more than its number', () => {
    const least: InputRow<typeof orders> = { id: 'A-1' };
    const mandatory = orders.fields.filter((field) => field.required && field.default === null);
    expect(mandatory.map((field) => field.from)).toEqual(Object.keys(least));
  });
});
