/**
 * Estimates from the text of a regular expression what compiling it will cost, before anything is
 * compiled. The estimate may be too high, and is never much too low: what looks like a repetition
 * counts as one, and what looks like text counts as text.
 */

export interface PatternExtent {
  /** Counts in braces, written out: those of a repeated group count once for each repetition. */
  repeats: number;
  /** Instructions of the program. */
  instructions: number;
  /** Ranges of character classes in the program. */
  ranges: number;
  /** Ranges of character classes to read and sort. */
  parsedRanges: number;
  /** Characters whose other cases have to be looked up. */
  folded: number;
}

/** What is repeated as a whole: one character, one class, one group. */
interface Piece {
  repeats: number;
  instructions: number;
  ranges: number;
}

/** A group that is still open. */
interface Group {
  total: Piece;
  /** The piece that a repetition would apply to. */
  last: Piece;
}

/** Ranges of the largest Unicode class, rounded up. */
const UNICODE_RANGES = 750;
/** Ranges of `\d`, `[:^alpha:]` and their like. */
const NAMED_RANGES = 8;
/** Characters from the first that has another case to the last. */
const FOLDED_SPAN = 125_186;

const nothing = (): Piece => ({ repeats: 0, instructions: 0, ranges: 0 });

export function extentOf(pattern: string): PatternExtent {
  const scanner = new Scanner(pattern);
  const { repeats, instructions, ranges } = scanner.whole();
  return { repeats, instructions, ranges, parsedRanges: scanner.parsedRanges, folded: scanner.folded };
}

class Scanner {
  parsedRanges = 0;
  folded = 0;
  private at = 0;
  private readonly open: Group[] = [];
  private group: Group = { total: nothing(), last: nothing() };
  private readonly folds: boolean;

  constructor(private readonly pattern: string) {
    this.folds = /\(\?[a-zA-Z-]*i/.test(pattern);
  }

  whole(): Piece {
    while (this.at < this.pattern.length) this.next();
    while (this.open.length > 0) this.close();
    return this.group.total;
  }

  /** The match of a sticky expression at the current place, which moves behind it. */
  private take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.pattern);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private next(): void {
    const repeat = this.take(/\{(\d+)(?:,(\d*))?\}/y);
    if (repeat !== null) return this.repeat(repeat);
    if (this.take(/\(\?[a-zA-Z-]*\)/y) !== null) return;
    if (this.take(/\((?:\?P?<[^>]*>|\?[a-zA-Z-]*:)?/y) !== null) return this.begin();
    if (this.take(/\)/y) !== null) return this.close();
    if (this.take(/\[/y) !== null) return this.bracket();
    const quoted = this.take(/\\Q([^]*?)(?:\\E|$)/y);
    if (quoted !== null) return this.literals(quoted[1]!.length);
    if (this.take(/\\[pP](?:\{[^}]*\}|[^]?)/y) !== null) return this.unicode();
    if (this.take(/\\x\{[^}]*\}/y) !== null) return this.piece(0);
    if (this.take(/\\[dDsSwW]/y) !== null) return this.piece(NAMED_RANGES);
    // Operators are instructions, too.
    this.take(/\\?[^]/y);
    this.piece(1);
  }

  private piece(ranges: number): void {
    this.parsedRanges += ranges;
    this.add({ repeats: 0, instructions: 1, ranges });
  }

  private literals(length: number): void {
    for (let i = 0; i < length; i++) this.piece(1);
  }

  private unicode(): void {
    this.piece(UNICODE_RANGES);
  }

  private add(piece: Piece): void {
    const { total } = this.group;
    total.repeats += piece.repeats;
    total.instructions += piece.instructions;
    total.ranges += piece.ranges;
    this.group.last = piece;
  }

  /** `{n}` behind a piece writes the piece out n times; `*`, `+` and `?` do not. */
  private repeat([text, min = '', max = '']: RegExpExecArray): void {
    const count = Math.max(Number(min), Number(max), 1);
    const { last } = this.group;
    const more = {
      repeats: last.repeats * (count - 1) + count,
      // One instruction for each, which chooses between repeating and going on.
      instructions: last.instructions * (count - 1) + count,
      ranges: last.ranges * (count - 1),
    };
    this.add(more);
    this.group.last = {
      repeats: last.repeats + more.repeats,
      instructions: last.instructions + more.instructions,
      ranges: last.ranges + more.ranges,
    };
    // When it is no repetition, it is text, and the next repetition applies to its last character.
    this.group.total.instructions += text.length;
  }

  private begin(): void {
    this.open.push(this.group);
    this.group = { total: nothing(), last: nothing() };
  }

  private close(): void {
    const outer = this.open.pop();
    if (outer === undefined) return;
    const { total } = this.group;
    this.group = outer;
    this.add({ ...total, instructions: total.instructions + 2 });
  }

  /** What stands in brackets. */
  private bracket(): void {
    const before = this.parsedRanges;
    this.take(/\^/y);
    this.classItem();
    while (this.at < this.pattern.length && this.take(/\]/y) === null) this.classItem();
    const ranges = this.parsedRanges - before;
    // The complement has one range more.
    this.add({ repeats: 0, instructions: 1, ranges: ranges + 1 });
  }

  private classItem(): void {
    if (this.take(/\[:\^?\w+:\]|\\[dDsSwW]/y) !== null) this.parsedRanges += NAMED_RANGES;
    else if (this.take(/\\[pP](?:\{[^}]*\}|[^]?)/y) !== null) this.parsedRanges += UNICODE_RANGES;
    else this.classRange();
  }

  private classRange(): void {
    const edge = /\\x\{[^}]*\}|\\?[^]/uy;
    const low = this.take(edge)?.[0] ?? '';
    const high = this.take(/-(?=[^\]])/y) === null ? low : (this.take(edge)?.[0] ?? '');
    this.parsedRanges++;
    if (!this.folds || low === high) return;
    // The value of an escape is not read: it is taken for the whole span.
    const plain = !low.startsWith('\\') && !high.startsWith('\\');
    const span = plain ? high.codePointAt(0)! - low.codePointAt(0)! : FOLDED_SPAN;
    this.folded += Math.min(Math.max(span, 0), FOLDED_SPAN);
    // In the worst case every other case is a range of its own.
    this.parsedRanges += Math.min(Math.max(span, 0), 2 * UNICODE_RANGES);
  }
}
