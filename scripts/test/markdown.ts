/** The fenced code blocks of a Markdown text in one language. */
export const codeBlocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, name, code = '']) =>
    name === language ? [code] : [],
  );

/** What is typed in code, inline or as commands of a shell. */
export const typedCommands = (text: string): string[] => {
  const inline = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...inline, ...codeBlocks(text, 'sh').flatMap((block) => block.split('\n'))];
};

/** The cells of every row of every table below the headings that match, header rows left out. */
export const tableRows = (text: string, heading: RegExp): string[][] =>
  text
    .split(/^(?=#+ )/m)
    .filter((section) => heading.test(section.split('\n')[0] ?? ''))
    .flatMap((section) => [...section.matchAll(/^\|[ -]+\|.*\n((?:\|.*\n)*)/gm)])
    .flatMap(([, rows = '']) => rows.trim().split('\n'))
    .map((row) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

/** The code spans of a cell. */
export const codeSpans = (cell = ''): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The targets of links and pictures that lead to files of the repository, with their anchors. */
export const localLinks = (text: string): string[] =>
  [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that GitHub gives to the headings of a text. */
export const anchorsOf = (text: string): string[] =>
  [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
