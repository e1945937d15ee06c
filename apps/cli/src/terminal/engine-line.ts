import type { ChosenEngine } from '../lake/execution-record.ts';

/** `spark: 5.1 GB is more than 4 GiB` */
export const engineLine = ({ engine, because }: ChosenEngine): string => `${engine}: ${because}`;
