import { incomingKey, parseMendedKey } from '@sluice/lake-storage/zones';

/** A raw object for a person: its key; of one that was mended, that of the object that arrived, and how often. */
export const objectName = (key: string): string => {
  const mended = parseMendedKey(key);
  if (!mended) return key;
  const { dataset, name, number } = mended;
  return `${incomingKey(dataset, name)} (mended ${number}×)`;
};
