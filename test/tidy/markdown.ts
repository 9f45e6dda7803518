/** Markdown as lines. */

/** Lines of a Markdown text that are neither of a table nor of a block of code. */
export function proseLines(text: string): { line: string; number: number }[] {
  let code = false;
  return text.split('\n').flatMap((line, i) => {
    const fence = /^\s*```/.test(line);
    if (fence) code = !code;
    return fence || code || /^\s*\|/.test(line) ? [] : [{ line, number: i + 1 }];
  });
}
