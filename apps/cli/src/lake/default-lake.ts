/** In the current folder. */
export const DEFAULT_LAKE = '.lake';
