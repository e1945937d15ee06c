const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

// Control characters, line separators, and the marks that turn the direction of text around.
const COMMANDS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text from an input, so that it stays on its line and commands nothing to the terminal. */
export const printable = (text: string): string => text.replace(COMMANDS, (mark) => NAMED[mark] ?? '\ufffd');
