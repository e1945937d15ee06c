import { dev } from './dev.ts';
import { checkEnvironment, type Environment } from './environment.ts';
import { prod } from './prod.ts';
import { staging } from './staging.ts';

export const environments: readonly Environment[] = [dev, staging, prod];

/** Throws one line if there is none of that name, or if it is not complete. */
export const environmentNamed = (name: string): Environment => {
  const found = environments.find((environment) => environment.name === name);
  if (found) return checkEnvironment(found);
  const known = environments.map((environment) => environment.name).join(', ');
  throw new Error(`There is no environment ${JSON.stringify(name)}; there are ${known}.`);
};
