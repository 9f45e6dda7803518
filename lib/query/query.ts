/** Queries over rows of texts; see `query.peggy` for the language. Texts compare without regard to case. */
import { parse } from './query-parser';

/** Characters of a query. */
export const MAX_QUERY_LENGTH = 8_192;
/** Open brackets at one place. */
const MAX_NESTING = 50;

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '%';
type Expression =
  | { kind: 'or' | 'and'; all: Expression[] }
  | { kind: 'compare'; column: string; operator: Operator; value: string; at: number };

/** The value of a column; undefined where a row has none. */
export type Row = (column: string) => string | undefined;

export class QuerySyntaxError extends Error {
  override readonly name = 'QuerySyntaxError';
}

/** Compiles a query over these columns. Throws {@link QuerySyntaxError}. */
export function compileQuery(text: string, columns: readonly string[]): (row: Row) => boolean {
  return compile(parseQuery(text), columns);
}

function parseQuery(text: string): Expression {
  if (text.length > MAX_QUERY_LENGTH) throw new QuerySyntaxError(`longer than ${MAX_QUERY_LENGTH} characters`);
  let depth = 0;
  for (const bracket of text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/gs, '')) {
    if (bracket === '(') depth++;
    else if (bracket === ')') depth--;
    if (depth > MAX_NESTING) throw new QuerySyntaxError(`brackets nest deeper than ${MAX_NESTING}`);
  }
  try {
    return parse(text) as Expression;
  } catch (error) {
    const at = (error as { location?: { start: { column: number } } }).location?.start.column;
    throw new QuerySyntaxError(`${at === undefined ? '' : `character ${at}: `}${(error as Error).message}`);
  }
}

function compile(expression: Expression, columns: readonly string[]): (row: Row) => boolean {
  if (expression.kind === 'compare') return compileComparison(expression, columns);
  const all = expression.all.map((one) => compile(one, columns));
  return expression.kind === 'and'
    ? (row) => all.every((matches) => matches(row))
    : (row) => all.some((matches) => matches(row));
}

function compileComparison(
  { column, operator, value, at }: Expression & { kind: 'compare' },
  columns: readonly string[],
): (row: Row) => boolean {
  if (!columns.includes(column))
    throw new QuerySyntaxError(
      `character ${at}: there is no column ${JSON.stringify(column)}; the columns are ${columns.join(', ')}`,
    );
  const wanted = value.toLowerCase();
  const test = TESTS[operator];
  return (row) => {
    const found = row(column);
    // As in SQL: what is not there is neither equal nor different.
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
