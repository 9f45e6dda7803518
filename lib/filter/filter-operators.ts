/**
 * Selectors and comparisons of filter expressions. What a comparison costs is charged before it is
 * done.
 */
import type { Operator } from './filter-syntax';
import type { Patterns } from './patterns';

/** Notes steps that are about to be done; throws when there are too many. */
export type Charge = (steps: number) => void;

/**
 * Thrown to end an evaluation without a match. It is one shared object, because making an error
 * costs more than most evaluations.
 */
export const CANNOT = new Error('The filter cannot be evaluated on this value.');

/** Steps of a comparison without what its operands cost by their length. */
export const COMPARISON = 50;
/** Characters that one step compares. */
const COMPARED = 16;
/** Steps of looking at one element of a list. */
const ELEMENT = 5;

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Value at a path, undefined when it is not there (or null, which stands for it). */
export function compileSelector(path: string[]): (root: unknown, bound: ReadonlyMap<string, unknown>) => unknown {
  const [first = ''] = path;
  const rest = path.slice(1);
  return (root, bound) => (bound.has(first) ? walk(bound.get(first), rest) : walk(root, path));
}

function walk(from: unknown, path: readonly string[]): unknown {
  let value = from;
  for (const segment of path) {
    if (Array.isArray(value)) value = element(value, segment);
    else if (isMap(value)) value = Object.hasOwn(value, segment) ? value[segment] : undefined;
    else throw CANNOT;
    if (value === undefined || value === null) return undefined;
  }
  return value ?? undefined;
}

function element(list: unknown[], segment: string): unknown {
  const index = Number(segment);
  if (!/^\d+$/.test(segment) || index >= list.length) throw CANNOT;
  return list[index];
}

export function compileOperator(
  operator: Operator,
  text: string,
  patterns: Patterns,
): (found: unknown, charge: Charge) => boolean {
  switch (operator) {
    case 'equals':
      return (found, charge) => {
        if (typeof found === 'string' && found.length === text.length) charge(Math.ceil(text.length / COMPARED));
        return equals(found, text) ?? cannot();
      };
    case 'contains':
      return (found, charge) => contains(found, text, charge);
    case 'empty':
      return isEmpty;
    case 'matches':
      patterns.add(text);
      // A broken expression matches nothing, and is found only when it is used. Clients know this
      // behavior.
      return (found, charge) =>
        (typeof found === 'string' ? patterns.test(text, found, charge) : undefined) ?? cannot();
  }
}

function cannot(): never {
  throw CANNOT;
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** Reads the text as a value of the same type; undefined where it cannot be read so. */
function equals(found: unknown, text: string): boolean | undefined {
  if (typeof found === 'string') return found === text;
  if (typeof found === 'boolean') {
    if (TRUE.includes(text)) return found;
    return FALSE.includes(text) ? !found : undefined;
  }
  if (typeof found !== 'number' || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : found === number;
}

function contains(found: unknown, text: string, charge: Charge): boolean {
  if (typeof found === 'string') {
    // The worst case: the searched text almost matches at every place.
    charge(Math.ceil((found.length * text.length) / COMPARED));
    return found.includes(text);
  }
  // Elements of a list may have several types. One that the text cannot be read as is not equal to
  // it.
  if (Array.isArray(found)) {
    charge(found.length * (ELEMENT + Math.ceil(text.length / COMPARED)));
    return found.some((item) => equals(item, text) === true);
  }
  if (isMap(found)) return Object.hasOwn(found, text);
  throw CANNOT;
}

function isEmpty(found: unknown): boolean {
  if (typeof found === 'string' || Array.isArray(found)) return found.length === 0;
  if (!isMap(found)) throw CANNOT;
  for (const _ in found) return false;
  return true;
}
