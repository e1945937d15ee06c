const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

/** Text from an input, so that it stays on its line and commands nothing to the terminal. */
export const printable = (text: string): string =>
  // Control characters, line separators, and the marks that turn the direction of text around.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (mark) => NAMED[mark] ?? '\ufffd',
  );
