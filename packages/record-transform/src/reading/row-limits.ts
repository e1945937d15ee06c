import { RefusedObject } from '../outcome.ts';

/** A larger row refuses its object; it is what a reader may have to hold in memory. */
export const MAX_ROW_BYTES = 16 * 1024 * 1024;
/** How much is kept of a row that an unclosed quote stretches to the end of the object. */
export const MAX_RAW_BYTES = 64 * 1024;
export const MAX_HEADER_BYTES = 1024 * 1024;

export const rowTooLarge = (rowNumber: number, offset: number): RefusedObject =>
  new RefusedObject('row_too_large', `row ${rowNumber} (at byte ${offset}) is larger than 16 MiB`);
