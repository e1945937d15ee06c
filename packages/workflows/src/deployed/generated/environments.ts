// Made by `pnpm generate` from infra/src/environments; do not edit.
import type { DeployedEnvironment } from '../index.ts';

export const deployedEnvironments: Readonly<Record<'dev' | 'staging' | 'prod', DeployedEnvironment>> = {
  dev: { region: 'eu-central-1', namePrefix: 'sluice-dev' },
  staging: { region: 'eu-central-1', namePrefix: 'sluice-staging' },
  prod: { region: 'eu-central-1', namePrefix: 'sluice-prod' },
};
