/**
 * Sticky expressions of quoted texts, by the mark that begins them. Brackets in quotes do not
 * count.
 */
export type Quotes = Readonly<Record<string, RegExp>>;

/** Whether brackets nest deeper than `max` outside of quotes. One pass over the text. */
export function nestsDeeperThan(text: string, max: number, quotes: Quotes): boolean {
  const marks = new RegExp(`[(){}${Object.keys(quotes).join('')}]`, 'g');
  let depth = 0;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    const mark = found[0];
    const quoted = quotes[mark];
    if (quoted !== undefined) {
      quoted.lastIndex = found.index;
      // No parser gets past a quote that is not closed.
      if (!quoted.test(text)) return false;
      marks.lastIndex = quoted.lastIndex;
    } else depth += mark === '(' || mark === '{' ? 1 : -1;
    if (depth > max) return true;
  }
  return false;
}
