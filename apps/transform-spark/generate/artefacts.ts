import { datasets } from '@sluice/datasets';
import { compileSparkPlan } from '@sluice/record-transform/spark';

export const folder = 'apps/transform-spark/plans/';

/** A plan for each dataset. */
export const artefacts = async () =>
  Array.from(datasets.values(), (dataset) => ({
    path: `${folder}${dataset.name}.json`,
    make: async () => `${JSON.stringify(compileSparkPlan(dataset), null, 2)}\n`,
  }));
