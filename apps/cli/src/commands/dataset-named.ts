import { datasets } from '@sluice/datasets';
import type { Dataset } from '@sluice/record-schema';
import { CliError } from '../cli-error.ts';
import { didYouMean } from '../did-you-mean.ts';

/** The dataset, or one clear line. */
export const datasetNamed = (name: string): Dataset => {
  const dataset = datasets.get(name);
  if (dataset) return dataset;
  const names = [...datasets.keys()];
  const hint = didYouMean(name, names) || `; there are ${names.join(', ')}`;
  throw new CliError(`there is no dataset ${JSON.stringify(name)}${hint}`);
};
