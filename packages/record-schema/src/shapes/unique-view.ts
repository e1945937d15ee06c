import type { Dataset } from '../dataset.ts';

/** The view that shows each record of a dataset with a key once, wherever there are views. */
export const uniqueViewName = ({ name }: Pick<Dataset, 'name'>): string => `${name}_unique`;
