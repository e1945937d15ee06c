import { datasets } from '@sluice/datasets';
import { defineDataset, integer, text } from '@sluice/record-schema';

/** Known to every command line that is started with `node --import` of this file. */
export const accounts = defineDataset({
  name: 'accounts',
  key: ['id'],
  target: { format: 'delta' },
  fields: { id: text({ required: true }), balance: integer({ required: true }) },
  quality: { threshold: 0 },
});

if (!(datasets instanceof Map)) throw new Error('the datasets are no map to add to');
datasets.set(accounts.name, accounts);
