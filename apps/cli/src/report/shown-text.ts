// What cannot be seen: controls (Cc), and format characters (Cf), separators of lines (Zl) and paragraphs (Zp). Among the
// format characters are those that turn the direction of what follows and make a text read as another one.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const visible = (one: string): string => {
  const code = one.codePointAt(0) ?? 0;
  // U+2400 and on are the pictures of the C0 controls.
  return code < 0x20
    ? String.fromCodePoint(0x2400 + code)
    : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
};

/** A text of unknown origin on one line: what cannot be seen is named, and it is cut after `limit` code points. */
export const shownText = (text: string, limit: number): string => {
  // No more than two code units make a code point; the rest need not be split at all.
  const points = [...text.slice(0, 2 * limit + 2)];
  const cut = points.length > limit ? `${points.slice(0, limit).join('')}…` : text;
  return cut.replace(INVISIBLE, visible);
};
