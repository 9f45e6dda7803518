/**
 * Filter expressions over plain JSON values, with the meaning that go-bexpr 0.1.15 gives them. List
 * filters, worker filters, managed groups, log events and searches use them through this module
 * only, so that work and memory are limited in one place. An expression that cannot be evaluated on
 * a value (a comparison with a list, a text that is no number, a broken regular expression) does
 * not match the value.
 */
import { limit } from '../limits/limit';
import type { Work } from '../limits/work';
import { CANNOT, COMPARISON, compileOperator, compileSelector, type Charge } from './filter-operators';
import { FilterSyntaxError, parseFilter, type Expression } from './filter-syntax';
import { tooLarge } from './pattern';
import { Patterns } from './patterns';

export { FilterSyntaxError } from './filter-syntax';

/** About 30 ms. */
const EVALUATION = limit('work of a filter on one value', 3_000_000, {
  what: 'work of evaluating a filter on one item, worker or event',
  unit: 'steps',
  reached: 'the filter does not match the value',
  test: 'lib/filter/filter.test.ts: an evaluation has a limit of its own',
});

/**
 * One evaluation: the value, the names that `any` and `all` bind, and the function that charges the
 * work.
 */
interface Context {
  root: unknown;
  bound: Map<string, unknown>;
  charge: Charge;
}

type Evaluate = (context: Context) => boolean;

export interface Filter {
  /**
   * Compiles the regular expressions, with pauses. To be called before each evaluation of a
   * request; mostly there is nothing left to compile.
   */
  prepare(work: Work): Promise<void>;
  /**
   * Whether the value matches; undefined where the expression cannot be evaluated on it. The work
   * is charged to `work`. Without one, as for events, only the limit of a single evaluation
   * applies. Throws only what `work` throws.
   */
  evaluate(input: unknown, work?: Work): boolean | undefined;
}

/** Throws {@link FilterSyntaxError}. */
export function compileFilter(text: string): Filter {
  const patterns = new Patterns();
  const evaluate = compile(parseFilter(text), patterns);
  return {
    prepare: (work) => patterns.prepare(work),
    evaluate(input, work) {
      let left = EVALUATION;
      const charge = (steps: number): void => {
        work?.charge(steps);
        left -= steps;
        if (left < 0) throw CANNOT;
      };
      try {
        return evaluate({ root: input, bound: new Map(), charge });
      } catch (error) {
        if (error === CANNOT) return undefined;
        throw error;
      } finally {
        patterns.trim();
      }
    },
  };
}

function compile(expression: Expression, patterns: Patterns): Evaluate {
  switch (expression.kind) {
    case 'or': {
      const all = expression.all.map((one) => compile(one, patterns));
      return (context) => all.some((evaluate) => evaluate(context));
    }
    case 'and': {
      const all = expression.all.map((one) => compile(one, patterns));
      return (context) => all.every((evaluate) => evaluate(context));
    }
    case 'not': {
      const inner = compile(expression.inner, patterns);
      return (context) => !inner(context);
    }
    case 'match':
      return compileMatch(expression, patterns);
    default:
      return compileCollection(expression, patterns);
  }
}

/** Steps of binding a name to an element. */
const BINDING = 100;

function compileCollection(expression: Expression & { kind: 'any' | 'all' }, patterns: Patterns): Evaluate {
  const { kind, first, second } = expression;
  const select = compileSelector(expression.selector);
  const body = compile(expression.body, patterns);
  return (context) => {
    const entries = entriesOf(select(context.root, context.bound), second !== undefined);
    const holds = ([a, b]: readonly [unknown, unknown]): boolean => {
      context.charge(BINDING);
      const bound = new Map(context.bound).set(first, a);
      return body({ ...context, bound: second === undefined ? bound : bound.set(second, b) });
    };
    context.charge(entries.length);
    return kind === 'any' ? entries.some(holds) : entries.every(holds);
  };
}

/**
 * The values that one or two names are bound to, round by round: the element, or index and element;
 * the key, or key and value.
 */
function entriesOf(value: unknown, two: boolean): (readonly [unknown, unknown])[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((element, index) => (two ? [index, element] : [element, undefined]));
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  throw CANNOT;
}

function compileMatch(expression: Expression & { kind: 'match' }, patterns: Patterns): Evaluate {
  const { operator, negated, value } = expression;
  const reason = operator === 'matches' ? tooLarge(value) : undefined;
  if (reason !== undefined) throw new FilterSyntaxError(`the regular expression "${value.slice(0, 30)}…" is ${reason}`);
  const select = compileSelector(expression.selector);
  const test = compileOperator(operator, value, patterns);
  return (context) => {
    context.charge(COMPARISON);
    const found = select(context.root, context.bound);
    // What is not there is empty, and equal to nothing.
    const result = found === undefined ? operator === 'empty' : test(found, context.charge);
    return result !== negated;
  };
}
