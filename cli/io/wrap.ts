/** Columns at the right edge that stay empty where a line starts. */
export const MARGIN = 2;

/**
 * Wraps text for tables. A line keeps its indent, and what does not fit goes on at the same indent.
 * Runs of spaces inside a line are kept. A word that is longer than the width gets a line of its
 * own. A continued line may use the margin at the right edge.
 */
export function wrapLine(block: string, width: number): string {
  const text = block.trimEnd();
  const indent = /^ */.exec(text)![0];
  return wrapWords(text.slice(indent.length), width - indent.length)
    .split('\n')
    .map((line) => (indent + line.trim()).trimEnd())
    .join('\n');
}

/**
 * Each element is one line or, when it has line breaks, a block that keeps the indent of its first
 * line.
 */
export const wrapBlocks = (blocks: readonly string[], width: number): string =>
  blocks.map((block) => wrapLine(block, width)).join('\n');

function wrapWords(text: string, first: number): string {
  let limit = first;
  let out = '';
  let column = 0;
  for (const [, spaces, word] of text.matchAll(/([^\S\n\u00a0]*)((?:[^\s]|\u00a0)+|\n)/g)) {
    if (word === '\n') {
      out += '\n';
      column = 0;
      limit = first;
      continue;
    }
    const length = [...word!].length;
    if (column > 0 && column + spaces!.length + length > limit) {
      out += `\n${word}`;
      column = length;
      limit = first + MARGIN;
    } else {
      out += spaces! + word!;
      column += spaces!.length + length;
    }
  }
  return out;
}
