import { datasets } from '@sluice/datasets';
import { openApiDocument } from '../src/open-api.ts';

export const artefacts = async () => [
  {
    path: 'apps/ingest-api/generated/openapi.json',
    make: async () => `${JSON.stringify(openApiDocument(datasets), null, 2)}\n`,
  },
];
