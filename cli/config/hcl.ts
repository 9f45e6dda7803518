/**
 * Reads what Boundary's configuration files use of HCL: blocks with labels, `name = value`,
 * strings, numbers, booleans, lists and objects. No templates, no here-documents.
 */
import { limit } from '../../lib/limits/limit';

type Json = string | number | boolean | Json[] | { [name: string]: Json };
type Body = { [name: string]: Json };

const TOKEN = /\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*"|[{}[\]=,]|[\w.-]+)/y;

/** Deepest nesting of blocks, lists and objects. */
const MAX_DEPTH = limit('nesting of a configuration', 20, {
  what: 'nesting of blocks, lists and objects of a configuration in HCL',
  unit: 'levels',
  reached: 'the file counts as one that cannot be read',
  test: 'cli/config/hcl.test.ts: a file that nests too deeply is none',
});

/**
 * Blocks come as lists under their names, the first label as `type`. Undefined when the text is no
 * such file.
 */
export function parseHcl(text: string): Body | undefined {
  try {
    const tokens = new Tokens(text);
    const body = parseBody(tokens, 0);
    return tokens.next() === undefined ? body : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class Tokens {
  private readonly words: string[] = [];
  private at = 0;

  constructor(text: string) {
    for (let end = 0; end < text.length; end = TOKEN.lastIndex) {
      TOKEN.lastIndex = end;
      const match = TOKEN.exec(text);
      if (match === null) throw new SyntaxError();
      if (match[1] !== undefined) this.words.push(match[1]);
    }
  }

  peek = (): string | undefined => this.words[this.at];
  next = (): string | undefined => this.words[this.at++];

  skip(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at++;
    return true;
  }

  expect(word: string): void {
    if (!this.skip(word)) throw new SyntaxError();
  }
}

/** Everything up to the closing brace or the end of the text. */
function parseBody(tokens: Tokens, depth: number): Body {
  if (depth > MAX_DEPTH) throw new SyntaxError();
  const body: Body = Object.create(null) as Body;
  while (tokens.peek() !== undefined && tokens.peek() !== '}') {
    const name = word(tokens.next());
    if (tokens.skip('=')) {
      body[name] = parseValue(tokens, depth);
    } else {
      const block = parseBlock(tokens, depth);
      const before = body[name];
      body[name] = [...(Array.isArray(before) ? before : []), block];
    }
    tokens.skip(',');
  }
  return body;
}

function parseBlock(tokens: Tokens, depth: number): Body {
  const labels: string[] = [];
  while (!tokens.skip('{')) labels.push(word(tokens.next()));
  const body = parseBody(tokens, depth + 1);
  tokens.expect('}');
  return { ...(labels[0] === undefined ? {} : { type: labels[0] }), ...body };
}

function parseValue(tokens: Tokens, depth: number): Json {
  if (tokens.skip('{')) {
    const body = parseBody(tokens, depth + 1);
    tokens.expect('}');
    return body;
  }
  if (tokens.skip('[')) return parseList(tokens, depth + 1);
  const text = tokens.next();
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : word(text);
}

function parseList(tokens: Tokens, depth: number): Json[] {
  if (depth > MAX_DEPTH) throw new SyntaxError();
  const items: Json[] = [];
  while (!tokens.skip(']')) {
    items.push(parseValue(tokens, depth));
    tokens.skip(',');
  }
  return items;
}

/** A name, or the text of a string. */
function word(token: string | undefined): string {
  if (token === undefined || /^[{}[\]=,]$/.test(token)) throw new SyntaxError();
  return token.startsWith('"') ? (JSON.parse(token) as string) : token;
}
