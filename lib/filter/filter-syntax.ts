/** Reads filter expressions: the text into a tree, or the reason why it is none. */
import { limit } from '../limits/limit';
import { parse } from './filter-parser';
import { nestsDeeperThan } from './nesting';

const LENGTH = limit('characters of a filter', 8_192, {
  what: 'characters of a filter expression',
  unit: 'characters',
  reached: '400, or the error of what holds the filter',
  test: 'lib/filter/filter.test.ts: size and nesting are limited',
});

const NESTING = limit('open brackets of a filter', 50, {
  what: 'brackets that are open at one place of a filter expression',
  unit: 'brackets',
  reached: '400, or the error of what holds the filter',
  test: 'lib/filter/filter.test.ts: size and nesting are limited',
});

const QUOTES = { '"': /"(?:\\.|[^"\\])*"/sy, '`': /`[^`]*`/sy };

export class FilterSyntaxError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'FilterSyntaxError';
  }
}

export type Operator = 'equals' | 'contains' | 'matches' | 'empty';
export type Expression =
  | { kind: 'or' | 'and'; all: Expression[] }
  | { kind: 'not'; inner: Expression }
  | { kind: 'any' | 'all'; selector: string[]; first: string; second?: string; body: Expression }
  | { kind: 'match'; selector: string[]; operator: Operator; negated: boolean; value: string };

/** Throws {@link FilterSyntaxError}. */
export function parseFilter(text: string): Expression {
  if (text.length > LENGTH) throw new FilterSyntaxError(`longer than ${LENGTH} characters`);
  if (nestsDeeperThan(text, NESTING, QUOTES)) throw new FilterSyntaxError(`brackets nest deeper than ${NESTING}`);
  try {
    return parse(text) as Expression;
  } catch (error) {
    throw new FilterSyntaxError(describeMismatch(text, error as Mismatch));
  }
}

/** The part of the generated parser's error that is used. */
interface Mismatch extends Error {
  location?: { start: { line: number; column: number; offset: number } };
  expected?: Expectation[] | null;
}

type Expectation =
  | { type: 'literal'; text: string }
  | { type: 'class'; parts: (string | [string, string])[]; inverted: boolean }
  | { type: 'any' | 'end' | 'other' };

/**
 * Describes where parsing failed (line, character of the line, byte) and everything that could have
 * stood there, sorted.
 */
function describeMismatch(text: string, { location, expected, message }: Mismatch): string {
  if (location === undefined) return message;
  const { line, column, offset } = location.start;
  const before = text.slice(0, offset);
  const character = [...before.slice(offset - column + 1)].length + 1;
  const terminals = new Set((expected ?? []).map(spell));
  const ends = terminals.delete(END);
  const listed = [...[...terminals].sort(), ...(ends ? [END] : [])];
  const last = listed.pop();
  const choice = listed.length === 0 ? last : `${listed.join(', ')} or ${last}`;
  const wanted = last === undefined ? '' : `, expected: ${choice}`;
  return `${line}:${character} (${Buffer.byteLength(before)}): no match found${wanted}`;
}

const END = 'EOF';

function spell(expectation: Expectation): string {
  switch (expectation.type) {
    case 'literal':
      return JSON.stringify(expectation.text);
    case 'class': {
      const parts = expectation.parts.map((part) => (typeof part === 'string' ? part : part.join('-')));
      const shown = parts.join('').replace(/[\t\r\n\\]/g, (c) => JSON.stringify(c).slice(1, -1));
      return `[${expectation.inverted ? '^' : ''}${shown}]`;
    }
    case 'end':
      return END;
    default:
      return 'any character';
  }
}
