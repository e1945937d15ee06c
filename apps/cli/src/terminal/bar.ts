const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of at most `width` columns; whatever is more than nothing can be seen. */
export const bar = (part: number, of: number, width: number): string => {
  if (of === 0 || part === 0) return '';
  const eighths = Math.max(1, Math.round((part / of) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
};
