/**
 * Filter expressions over plain JSON values, with the meaning go-bexpr 0.1.15 gives them: list filters, worker filters
 * and managed groups. An expression that cannot be evaluated on a value (a comparison with a list, a number that is
 * none, a broken regular expression) does not match it.
 */
import { parse } from './filter-parser';
import { compileRegex } from './regex';

/** Characters of an expression. */
export const MAX_FILTER_LENGTH = 8_192;
/** Open brackets at one place. */
const MAX_NESTING = 50;
/** Comparisons evaluated for one value, `any` and `all` included. */
const MAX_STEPS = 100_000;

export class FilterSyntaxError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'FilterSyntaxError';
  }
}

type Operator = 'equals' | 'contains' | 'matches' | 'empty';
type Expression =
  | { kind: 'or' | 'and'; all: Expression[] }
  | { kind: 'not'; inner: Expression }
  | { kind: 'any' | 'all'; selector: string[]; first: string; second?: string; body: Expression }
  | { kind: 'match'; selector: string[]; operator: Operator; negated: boolean; value: string };

/** One evaluation: the names that `any` and `all` bind, and the work left. */
interface Context {
  root: unknown;
  bound: Map<string, unknown>;
  stepsLeft: { count: number };
}

type Evaluate = (context: Context) => boolean;

/** Ends an evaluation without a match. */
class CannotEvaluate extends Error {}

/** Compiles an expression to a predicate that never throws. Throws {@link FilterSyntaxError}. */
export function compileFilter(text: string): (input: unknown) => boolean {
  const evaluate = compileEvaluation(text);
  return (input) => evaluate(input) === true;
}

/** The same, with undefined where the expression cannot be evaluated on the value. */
export function compileEvaluation(text: string): (input: unknown) => boolean | undefined {
  const evaluate = compile(parseFilter(text));
  return (input) => {
    try {
      return evaluate({ root: input, bound: new Map(), stepsLeft: { count: MAX_STEPS } });
    } catch (error) {
      if (error instanceof CannotEvaluate) return undefined;
      throw error;
    }
  };
}

function parseFilter(text: string): Expression {
  if (text.length > MAX_FILTER_LENGTH) throw new FilterSyntaxError(`longer than ${MAX_FILTER_LENGTH} characters`);
  let depth = 0;
  for (const [bracket] of text.replace(/"(?:\\.|[^"\\])*"|`[^`]*`/gs, '').matchAll(/[(){}]/g)) {
    depth += bracket === '(' || bracket === '{' ? 1 : -1;
    if (depth > MAX_NESTING) throw new FilterSyntaxError(`brackets nest deeper than ${MAX_NESTING}`);
  }
  try {
    return parse(text) as Expression;
  } catch (error) {
    throw new FilterSyntaxError(describeMismatch(text, error as Mismatch));
  }
}

/** What the generated parser throws, as far as it is told. */
interface Mismatch extends Error {
  location?: { start: { line: number; column: number; offset: number } };
  expected?: Expectation[] | null;
}

type Expectation =
  | { type: 'literal'; text: string }
  | { type: 'class'; parts: (string | [string, string])[]; inverted: boolean }
  | { type: 'any' | 'end' | 'other' };

/** Line, character of the line and byte where it went wrong, and all that could have stood there, sorted. */
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

function compile(expression: Expression): Evaluate {
  switch (expression.kind) {
    case 'or': {
      const all = expression.all.map(compile);
      return (context) => all.some((evaluate) => evaluate(context));
    }
    case 'and': {
      const all = expression.all.map(compile);
      return (context) => all.every((evaluate) => evaluate(context));
    }
    case 'not': {
      const inner = compile(expression.inner);
      return (context) => !inner(context);
    }
    case 'match':
      return compileMatch(expression);
    default:
      return compileCollection(expression);
  }
}

function compileCollection(expression: Expression & { kind: 'any' | 'all' }): Evaluate {
  const { kind, selector, first, second } = expression;
  const body = compile(expression.body);
  return (context) => {
    const entries = entriesOf(select(context, selector), second !== undefined);
    const holds = ([a, b]: readonly [unknown, unknown]): boolean => {
      const bound = new Map(context.bound).set(first, a);
      return body({ ...context, bound: second === undefined ? bound : bound.set(second, b) });
    };
    return kind === 'any' ? entries.some(holds) : entries.every(holds);
  };
}

/** What one or two names are bound to, turn by turn: element or index and element; key or key and value. */
function entriesOf(value: unknown, two: boolean): (readonly [unknown, unknown])[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((element, index) => (two ? [index, element] : [element, undefined]));
  if (isMap(value)) return Object.entries(value);
  throw new CannotEvaluate();
}

function compileMatch(expression: Expression & { kind: 'match' }): Evaluate {
  const { selector, operator, negated, value } = expression;
  const test = compileOperator(operator, value);
  return (context) => {
    if (--context.stepsLeft.count < 0) throw new CannotEvaluate();
    const found = select(context, selector);
    // What is not there is empty, and equal to nothing.
    const result = found === undefined ? operator === 'empty' : test(found);
    return result !== negated;
  };
}

function compileOperator(operator: Operator, text: string): (found: unknown) => boolean {
  switch (operator) {
    case 'equals':
      return (found) => equals(found, text);
    case 'contains':
      return (found) => contains(found, text);
    case 'empty':
      return isEmpty;
    case 'matches':
      return compileMatches(text);
  }
}

/** A broken expression is found out when it is used, as clients are used to: it matches nothing. */
function compileMatches(pattern: string): (found: unknown) => boolean {
  let test: ((subject: string) => boolean) | undefined;
  return (found) => {
    if (typeof found !== 'string') throw new CannotEvaluate();
    try {
      test ??= compileRegex(pattern);
      return test(found);
    } catch (error) {
      throw new CannotEvaluate('regular expression', { cause: error });
    }
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Value at a path, undefined when it is not there (or null, which stands for it). */
function select(context: Context, path: string[]): unknown {
  const [first] = path;
  const local = first !== undefined && context.bound.has(first);
  let value: unknown = local ? context.bound.get(first) : context.root;
  for (const segment of local ? path.slice(1) : path) {
    if (Array.isArray(value)) value = element(value, segment);
    else if (isMap(value)) value = Object.hasOwn(value, segment) ? value[segment] : undefined;
    else throw new CannotEvaluate();
    if (value === undefined || value === null) return undefined;
  }
  return value ?? undefined;
}

function element(list: unknown[], segment: string): unknown {
  const index = Number(segment);
  if (!/^\d+$/.test(segment) || index >= list.length) throw new CannotEvaluate();
  return list[index];
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** The text is read as what the value is. */
function equals(found: unknown, text: string): boolean {
  if (typeof found === 'string') return found === text;
  if (typeof found === 'boolean') {
    if (TRUE.includes(text)) return found;
    if (FALSE.includes(text)) return !found;
    throw new CannotEvaluate();
  }
  if (typeof found === 'number') {
    const number = Number(text);
    if (text.trim() === '' || Number.isNaN(number)) throw new CannotEvaluate();
    return found === number;
  }
  throw new CannotEvaluate();
}

function contains(found: unknown, text: string): boolean {
  if (typeof found === 'string') return found.includes(text);
  if (Array.isArray(found)) return found.some((item) => elementEquals(item, text));
  if (isMap(found)) return Object.hasOwn(found, text);
  throw new CannotEvaluate();
}

/** Lists may be mixed: an element the text cannot be read as is just another one. */
function elementEquals(item: unknown, text: string): boolean {
  try {
    return equals(item, text);
  } catch (error) {
    if (error instanceof CannotEvaluate) return false;
    throw error;
  }
}

function isEmpty(found: unknown): boolean {
  if (typeof found === 'string' || Array.isArray(found)) return found.length === 0;
  if (isMap(found)) return Object.keys(found).length === 0;
  throw new CannotEvaluate();
}
