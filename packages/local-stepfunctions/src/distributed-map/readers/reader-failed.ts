import { StateError } from '../../errors.ts';

/** Longer causes show whole files. */
const MAX_CAUSE_LENGTH = 1_000;

/** That the data set cannot be read. */
export function readerFailed(cause: string): StateError {
  return new StateError('States.ItemReaderFailed', cause.slice(0, MAX_CAUSE_LENGTH));
}
