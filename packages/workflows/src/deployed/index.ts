import type { CsvDelimiter } from '../asl.ts';

// What an environment's resources are called on AWS. The stacks name them so, and who looks for them finds them so.

/** Where an environment is, and how its resources' names begin. */
export interface DeployedEnvironment {
  readonly region: string;
  readonly namePrefix: string;
}

/** `<prefix>-<name>` */
export const deployedName = (namePrefix: string, name: string): string => `${namePrefix}-${name}`;

/** `<prefix>-<name>-<account id>`: names of buckets are shared by all of AWS. */
export const deployedBucket = (namePrefix: string, name: string, accountId: string): string =>
  `${deployedName(namePrefix, name)}-${accountId}`;

/** By the delimiter that it reads: one state machine of csv-map cannot read two. */
export const csvMapNames: Readonly<Record<CsvDelimiter, string>> = {
  COMMA: 'csv-map-comma',
  PIPE: 'csv-map-pipe',
  SEMICOLON: 'csv-map-semicolon',
  SPACE: 'csv-map-space',
  TAB: 'csv-map-tab',
};

/** Every state machine that an environment may have, without its prefix. */
export const stateMachineNames: readonly string[] = ['etl', ...Object.values(csvMapNames)];
