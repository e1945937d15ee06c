import { datasets } from '@sluice/datasets';
import { type Dataset, markdownDocs } from '@sluice/record-schema';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../terminal/table.ts';
import { datasetNamed } from './dataset-named.ts';

export const datasetsCommand: Command = {
  usage: 'datasets [D]',
  summary: 'Lists the datasets, or describes one: its fields, rules, partitions and quality gate.',
  details: 'A dataset is one file in packages/datasets/src; everything else is derived from it.',
  options: {},
  positionals: [0, 1],
  run: async ({ positionals: [name], json }, { out, paint }) => {
    if (name === undefined) {
      const all = [...datasets.values()];
      out(json ? `${JSON.stringify(all.map(summaryOf))}\n` : listed(all, paint));
    } else {
      const dataset = datasetNamed(name);
      out(json ? `${JSON.stringify(dataset)}\n` : `${markdownDocs(dataset).trimEnd()}\n`);
    }
    return EXIT.ok;
  },
};

const summaryOf = ({ name, doc, fields, source, quality }: Dataset) => ({
  name,
  doc,
  fields: fields.length,
  formats: source.formats,
  threshold: quality.threshold,
});

const listed = (all: readonly Dataset[], paint: Parameters<typeof table>[2]): string =>
  table(
    [
      { title: 'dataset' },
      { title: 'fields', align: 'right' },
      { title: 'formats' },
      { title: 'what a row is' },
    ],
    all.map(({ name, doc, fields, source }) => [name, String(fields.length), source.formats.join(', '), doc]),
    paint,
  );
