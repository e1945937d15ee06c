import { datasets } from '@sluice/datasets';
import { openApiDocument } from '../src/open-api.ts';
import { servedDatasets } from '../src/served-datasets.ts';

export const artefacts = async () => [
  {
    path: 'apps/ingest-api/generated/openapi.json',
    make: async () => `${JSON.stringify(openApiDocument(servedDatasets(datasets)), null, 2)}\n`,
  },
];
