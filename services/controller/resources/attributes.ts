/**
 * `attributes`, the object whose fields depend on the type of the resource. Clients may send
 * numbers as texts.
 */
import { FieldErrors } from './fields';

interface ValueOf {
  text: string;
  number: number;
  flag: boolean;
  /** List of texts; null is the empty one. */
  texts: string[];
  object: Readonly<Record<string, unknown>>;
}
type Kind = keyof ValueOf;
export type Known = Readonly<Record<string, Kind>>;
export type Attributes<T extends Known> = { [K in keyof T]?: ValueOf[T[K]] };

const MAX_NUMBER = 2 ** 32 - 1;

/**
 * The given attributes; null counts as none. When there are unknown names or values of the wrong
 * kind, throws 400 with one error for the whole object and nothing else, because other errors
 * cannot be known.
 */
export function readAttributes<T extends Known>(
  given: Readonly<Record<string, unknown>> | undefined,
  known: T,
): Attributes<T> {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    const understood = kind === undefined ? undefined : READERS[kind](value);
    if (kind === undefined || (understood === undefined && value !== null)) {
      new FieldErrors().add('attributes', 'Attribute fields do not match the expected format.').throwIfAny();
    }
    if (understood !== undefined) read[name] = understood;
  }
  return read as Attributes<T>;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_NUMBER;
  return fits ? number : undefined;
}

const flagOf = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

const textsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;

const objectOf = (value: unknown): object | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;

const READERS: Readonly<Record<Kind, (value: unknown) => unknown>> = {
  text: textOf,
  number: numberOf,
  flag: flagOf,
  texts: textsOf,
  object: objectOf,
};

/** A mask that names `attributes` as a whole names each of the known paths below it. */
export function maskWithAttributes(mask: readonly string[], known: Known): string[] {
  const all = Object.keys(known).map((name) => `attributes.${name}`);
  return mask.flatMap((path) => (path === 'attributes' ? all : [path]));
}
