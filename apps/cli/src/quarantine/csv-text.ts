/** With quotes where CSV needs them, and around an empty text, so that a line is never blank. */
export const quotedIfNeeded = (text: string, delimiter: string): string =>
  text === '' || /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
