/** Reads RE2 syntax into a tree. Not read: `\C`, `\pN` inside negated scripts beyond what JavaScript knows. */

export type Node =
  | { kind: 'character'; test: (character: string) => boolean }
  /** Looks at the characters around a place; '' stands for either end of the subject. */
  | { kind: 'assert'; test: (before: string, after: string) => boolean }
  | { kind: 'sequence'; nodes: Node[] }
  | { kind: 'choice'; nodes: Node[] }
  | { kind: 'repeat'; inner: Node; min: number; max: number | undefined };

export class RegexSyntaxError extends Error {
  constructor(reason: string, pattern: string) {
    super(`error parsing regexp: ${reason}: \`${pattern}\``);
    this.name = 'RegexSyntaxError';
  }
}

/** Code units of a pattern. */
const MAX_PATTERN = 512;
/** RE2's own bound of a counted repetition. */
const MAX_REPEAT = 1_000;
const MAX_DEPTH = 100;

interface Flags {
  ignoreCase: boolean;
  multiLine: boolean;
  dotAll: boolean;
}

const isWord = (character: string): boolean => /^[0-9A-Za-z_]$/.test(character);
const PERL_CLASSES: Record<string, string> = { d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_' };
const POSIX_CLASSES: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
const CONTROL: Record<string, string> = { a: '\x07', f: '\f', t: '\t', n: '\n', r: '\r', v: '\v' };

export interface ParsedPattern {
  node: Node;
  refuse(reason: string): RegexSyntaxError;
}

/** Throws {@link RegexSyntaxError}. */
export function parsePattern(pattern: string): ParsedPattern {
  const parser = new Parser(pattern);
  return { node: parser.whole(), refuse: (reason) => new RegexSyntaxError(reason, pattern) };
}

class Parser {
  private readonly characters: string[];
  private at = 0;
  private depth = 0;
  private flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false };

  constructor(private readonly pattern: string) {
    if (pattern.length > MAX_PATTERN) throw this.refuse('expression is too long');
    this.characters = [...pattern];
  }

  whole(): Node {
    const node = this.choice();
    if (this.at < this.characters.length) throw this.refuse('unexpected )');
    return node;
  }

  private refuse(reason: string): RegexSyntaxError {
    return new RegexSyntaxError(reason, this.pattern);
  }

  private peek(): string | undefined {
    return this.characters[this.at];
  }

  private take(text: string): boolean {
    const found = this.characters.slice(this.at, this.at + text.length).join('') === text;
    if (found) this.at += text.length;
    return found;
  }

  /** One character; `what` says in the error what is cut off. */
  private next(what: string): string {
    const character = this.peek();
    if (character === undefined) throw this.refuse(what);
    this.at++;
    return character;
  }

  private choice(): Node {
    if (++this.depth > MAX_DEPTH) throw this.refuse('expression nests too deeply');
    const outer = this.flags;
    const nodes = [this.sequence()];
    while (this.take('|')) nodes.push(this.sequence());
    this.flags = outer;
    this.depth--;
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes };
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')'; next = this.peek()) {
      const atom = this.atom();
      if (atom !== undefined) nodes.push(this.repeated(atom));
    }
    return { kind: 'sequence', nodes };
  }

  private repeated(inner: Node): Node {
    const bounds = this.bounds();
    if (bounds === undefined) return inner;
    // Laziness changes which match is found, never whether there is one.
    this.take('?');
    if (this.bounds() !== undefined) throw this.refuse('invalid nested repetition operator');
    return { kind: 'repeat', inner, ...bounds };
  }

  private bounds(): { min: number; max: number | undefined } | undefined {
    if (this.take('*')) return { min: 0, max: undefined };
    if (this.take('+')) return { min: 1, max: undefined };
    if (this.take('?')) return { min: 0, max: 1 };
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.characters.slice(this.at, this.at + 24).join(''));
    if (counted === null) return undefined;
    this.at += counted[0].length;
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === '' ? undefined : Number(counted[3]);
    if (min > MAX_REPEAT || (max ?? 0) > MAX_REPEAT || (max ?? min) < min) throw this.refuse('invalid repeat count');
    return { min, max };
  }

  private atom(): Node | undefined {
    const character = this.next('missing argument');
    const { multiLine, dotAll } = this.flags;
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return this.bracket();
      case '\\':
        return this.escape();
      case '.':
        return { kind: 'character', test: (text) => dotAll || text !== '\n' };
      case '^':
        return { kind: 'assert', test: (before) => before === '' || (multiLine && before === '\n') };
      case '$':
        return { kind: 'assert', test: (_before, after) => after === '' || (multiLine && after === '\n') };
      case '*':
      case '+':
      case '?':
        throw this.refuse(`missing argument to repetition operator`);
      default:
        return this.literal(character);
    }
  }

  private literal(character: string): Node {
    if (!this.flags.ignoreCase) return { kind: 'character', test: (text) => text === character };
    return this.oneOf(escapeForClass(character), false);
  }

  /** `(?flags)` applies to the rest of the group and makes no node. */
  private group(): Node | undefined {
    const outer = this.flags;
    if (this.take('?')) {
      if (this.take('P<') || this.take('<')) this.groupName();
      else if (this.groupFlags()) return undefined;
    }
    const inner = this.choice();
    if (!this.take(')')) throw this.refuse('missing closing )');
    this.flags = outer;
    return inner;
  }

  private groupName(): void {
    let name = '';
    for (let next = this.next('invalid named capture'); next !== '>'; next = this.next('invalid named capture')) {
      name += next;
    }
    if (!/^[0-9A-Za-z_]+$/.test(name)) throw this.refuse('invalid named capture');
  }

  /** Whether the group ended with its flags. */
  private groupFlags(): boolean {
    const flags = { ...this.flags };
    let on = true;
    for (;;) {
      const letter = this.next('missing closing )');
      if (letter === 'i') flags.ignoreCase = on;
      else if (letter === 'm') flags.multiLine = on;
      else if (letter === 's') flags.dotAll = on;
      else if (letter === '-' && on) on = false;
      else if (letter === ':' || letter === ')') {
        this.flags = flags;
        return letter === ')';
      } else if (letter !== 'U') throw this.refuse('invalid or unsupported Perl syntax');
    }
  }

  private escape(): Node {
    const letter = this.next('trailing backslash at end of expression');
    const boundary = (before: string, after: string): boolean => isWord(before) !== isWord(after);
    if (letter === 'A') return { kind: 'assert', test: (before) => before === '' };
    if (letter === 'z') return { kind: 'assert', test: (_before, after) => after === '' };
    if (letter === 'b') return { kind: 'assert', test: boundary };
    if (letter === 'B') return { kind: 'assert', test: (before, after) => !boundary(before, after) };
    if (letter === 'Q') return this.quoted();
    this.at--;
    return this.oneOf(this.classEscape(), false);
  }

  private quoted(): Node {
    const nodes: Node[] = [];
    while (this.peek() !== undefined && !this.take('\\E')) nodes.push(this.literal(this.next('')));
    return { kind: 'sequence', nodes };
  }

  /** What stands behind a backslash, as the inside of a JavaScript class. */
  private classEscape(): string {
    const letter = this.next('trailing backslash at end of expression');
    const perl = PERL_CLASSES[letter.toLowerCase()];
    if (perl !== undefined && letter !== letter.toLowerCase()) return this.negatedPerl(letter);
    if (perl !== undefined) return perl;
    if (letter === 'p' || letter === 'P') return this.unicodeClass(letter);
    if (letter === 'x') return escapeForClass(this.hexadecimal());
    if (letter === '0') return escapeForClass(String.fromCodePoint(parseInt(this.octal(), 8)));
    const control = CONTROL[letter];
    if (control !== undefined) return escapeForClass(control);
    if (/[0-9A-Za-z]/.test(letter)) throw this.refuse(`invalid escape sequence \\${letter}`);
    return escapeForClass(letter);
  }

  private negatedPerl(letter: string): string {
    // JavaScript's \S also leaves out Unicode spaces, RE2's does not: \s is spelt as ranges of the rest.
    if (letter === 'S') return '\\x00-\\x08\\x0B\\x0E-\\x1F!-\\u{10FFFF}';
    return `\\${letter}`;
  }

  private unicodeClass(letter: string): string {
    let name = this.next('invalid character class range');
    if (name === '{') {
      name = '';
      for (let next = this.next('invalid character class range'); next !== '}'; next = this.next('invalid class')) {
        name += next;
      }
    }
    const negated = name.startsWith('^') !== (letter === 'P');
    const plain = name.replace('^', '');
    for (const property of [plain, `Script=${plain}`]) {
      const text = `\\${negated ? 'P' : 'p'}{${property}}`;
      if (/^\w+$/.test(plain) && compiles(`^[${text}]$`)) return text;
    }
    throw this.refuse('invalid character class range');
  }

  private hexadecimal(): string {
    const rest = this.characters.slice(this.at, this.at + 10).join('');
    const digits = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(rest);
    const code = parseInt(digits?.[1] ?? digits?.[2] ?? '110000', 16);
    if (digits === null || code > 0x10ffff) throw this.refuse('invalid escape sequence \\x');
    this.at += digits[0].length;
    return String.fromCodePoint(code);
  }

  private octal(): string {
    let digits = '0';
    while (digits.length < 3 && /[0-7]/.test(this.peek() ?? '')) digits += this.next('');
    return digits;
  }

  private bracket(): Node {
    const negated = this.take('^');
    let inside = '';
    for (let first = true; first || !this.take(']'); first = false) inside += this.classItem();
    return this.oneOf(inside, negated);
  }

  private classItem(): string {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.characters.slice(this.at, this.at + 16).join(''));
    if (posix !== null) {
      const ranges = POSIX_CLASSES[posix[2]!];
      if (ranges === undefined) throw this.refuse('invalid character class range');
      this.at += posix[0].length;
      return posix[1] === '' ? ranges : complementOf(ranges);
    }
    const low = this.classEdge();
    if (this.peek() !== '-' || this.characters[this.at + 1] === ']' || this.at + 1 >= this.characters.length)
      return low;
    this.at++;
    const range = `${low}-${this.classEdge()}`;
    if (!compiles(`^[${range}]$`)) throw this.refuse('invalid character class range');
    return range;
  }

  private classEdge(): string {
    const character = this.next('missing closing ]');
    return character === '\\' ? this.classEscape() : escapeForClass(character);
  }

  private oneOf(inside: string, negated: boolean): Node {
    const source = `^[${negated ? '^' : ''}${inside}]$`;
    if (!compiles(source)) throw this.refuse('invalid character class range');
    const single = new RegExp(source, this.flags.ignoreCase ? 'iu' : 'u');
    return { kind: 'character', test: (character) => single.test(character) };
  }
}

/** ASCII characters outside of `ranges`, and all others. */
function complementOf(ranges: string): string {
  const inside = new RegExp(`^[${ranges}]$`, 'u');
  let text = '\\x80-\\u{10FFFF}';
  for (let code = 0; code < 128; code++) {
    if (!inside.test(String.fromCodePoint(code))) text += escapeForClass(String.fromCodePoint(code));
  }
  return text;
}

const escapeForClass = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

function compiles(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
