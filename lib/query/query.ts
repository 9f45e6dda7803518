/**
 * Queries over rows of texts; see `query.peggy` for the language. Texts compare without regard to
 * case.
 */
import { nestsDeeperThan } from '../filter/nesting';
import { limit } from '../limits/limit';
import type { Work } from '../limits/work';
import { parse } from './query-parser';

const LENGTH = limit('characters of a query', 8_192, {
  what: 'characters of the query of a search',
  unit: 'characters',
  reached: 'an error that says so',
  test: 'lib/query/query.test.ts: size and nesting are bounded',
});

const NESTING = limit('open brackets of a query', 50, {
  what: 'brackets that are open at one place of a query',
  unit: 'brackets',
  reached: 'an error that says so',
  test: 'lib/query/query.test.ts: size and nesting are bounded',
});

const QUOTES = { '"': /"(?:\\.|[^"\\])*"/sy, "'": /'(?:\\.|[^'\\])*'/sy, '`': /`(?:\\.|[^`\\])*`/sy };

/** Steps of a comparison without what its texts cost by their length. */
const COMPARISON = 20;
/** Characters that one step compares. */
const COMPARED = 16;

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '%';
type Expression =
  | { kind: 'or' | 'and'; all: Expression[] }
  | { kind: 'compare'; column: string; operator: Operator; value: string; at: number };

/** The value of a column; undefined where a row has none. */
export type Row = (column: string) => string | undefined;

export class QuerySyntaxError extends Error {
  override readonly name = 'QuerySyntaxError';
}

/** Whether a row matches; what it costs is charged to the work. */
type Query = (row: Row, work: Work) => boolean;

/** Compiles a query over these columns. Throws {@link QuerySyntaxError}. */
export function compileQuery(text: string, columns: readonly string[]): Query {
  return compile(parseQuery(text), columns);
}

function parseQuery(text: string): Expression {
  if (text.length > LENGTH) throw new QuerySyntaxError(`longer than ${LENGTH} characters`);
  if (nestsDeeperThan(text, NESTING, QUOTES)) throw new QuerySyntaxError(`brackets nest deeper than ${NESTING}`);
  try {
    return parse(text) as Expression;
  } catch (error) {
    const at = (error as { location?: { start: { column: number } } }).location?.start.column;
    throw new QuerySyntaxError(`${at === undefined ? '' : `character ${at}: `}${(error as Error).message}`);
  }
}

function compile(expression: Expression, columns: readonly string[]): Query {
  if (expression.kind === 'compare') return compileComparison(expression, columns);
  const all = expression.all.map((one) => compile(one, columns));
  return expression.kind === 'and'
    ? (row, work) => all.every((matches) => matches(row, work))
    : (row, work) => all.some((matches) => matches(row, work));
}

function compileComparison(
  { column, operator, value, at }: Expression & { kind: 'compare' },
  columns: readonly string[],
): Query {
  if (!columns.includes(column))
    throw new QuerySyntaxError(
      `character ${at}: there is no column ${JSON.stringify(column)}; the columns are ${columns.join(', ')}`,
    );
  const wanted = value.toLowerCase();
  const test = TESTS[operator];
  return (row, work) => {
    const found = row(column);
    // The cost of ignoring case, and the worst case of a search: a text that almost matches at
    // every place.
    const length = (found?.length ?? 0) * (operator === '%' ? 1 + wanted.length : 2);
    work.charge(COMPARISON + Math.ceil(length / COMPARED));
    // As in SQL, a missing value is neither equal nor different.
    return found !== undefined && test(found.toLowerCase(), wanted);
  };
}

const TESTS: Readonly<Record<Operator, (found: string, wanted: string) => boolean>> = {
  '=': (found, wanted) => found === wanted,
  '!=': (found, wanted) => found !== wanted,
  '<': (found, wanted) => found < wanted,
  '<=': (found, wanted) => found <= wanted,
  '>': (found, wanted) => found > wanted,
  '>=': (found, wanted) => found >= wanted,
  '%': (found, wanted) => found.includes(wanted),
};
