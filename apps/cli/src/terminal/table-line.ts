import type { Manifest } from '@sluice/step-contracts';
import { count } from './figures.ts';

type Table = NonNullable<Extract<Manifest, { status: 'published' }>['table']>;

/** `version 3: 10 inserted, 2 updated` */
export const tableLine = ({ version, inserted, updated, deleted }: Table): string => {
  const changes = Object.entries({ inserted, updated, deleted })
    .filter(([, rows]) => rows > 0)
    .map(([what, rows]) => `${count(rows)} ${what}`);
  return `version ${version}: ${changes.join(', ') || 'no row changed'}`;
};
