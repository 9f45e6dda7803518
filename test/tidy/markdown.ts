/** Markdown as far as the checks of the documentation need it. */

export interface Line {
  line: string;
  /** From 1. */
  number: number;
  kind: 'prose' | 'table' | 'code';
}

/** The lines of a text, without those that begin and end a block of code. */
export function linesOf(text: string): Line[] {
  let isCode = false;
  return text.split('\n').flatMap((line, i): Line[] => {
    if (/^\s*```/.test(line)) {
      isCode = !isCode;
      return [];
    }
    const kind = isCode ? 'code' : /^\s*\|/.test(line) ? 'table' : 'prose';
    return [{ line, number: i + 1, kind }];
  });
}

/** What stands between backquotes outside of blocks of code; a span may go on in the next line. */
export function spansOf(text: string): string[] {
  const blocks = linesOf(text)
    .filter(({ kind }) => kind !== 'code')
    .map(({ line }) => line)
    .join('\n');
  return [...blocks.matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map(([, span]) => span!.replace(/\s+/g, ' ').trim());
}

/** The lines of the blocks of code. */
export const codeOf = (text: string): string[] =>
  linesOf(text).flatMap(({ line, kind }) => (kind === 'code' ? [line] : []));

/** Where the links lead. */
export const linksOf = (text: string): string[] => [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);

/** The names by which links reach the headings of a text. */
export const anchorsOf = (text: string): string[] =>
  linesOf(text).flatMap(({ line, kind }) => {
    const heading = kind === 'prose' ? /^#+ (.*)$/.exec(line)?.[1] : undefined;
    if (heading === undefined) return [];
    return [
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ];
  });
