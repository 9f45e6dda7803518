/**
 * Families of five flags that build one JSON object: the whole object as JSON, or piece by piece
 * with `key=value`, whose type is told by the flag or taken from the value. Dotted keys nest.
 */
import { valueOf, type Context, type Flag, type TextFlag } from './command';
import { UsageError } from '../io/errors';
import { maybeIndirect } from './indirect';

export interface PairFamily {
  /** `object`. */
  whole: string;
  /** `kv`, with `string-kv`, `num-kv` and `bool-kv` beside it. */
  piece: string;
}

type PairFlags = readonly [TextFlag, ...Flag[]];

/** The flags of a family; `reset` tells what the word null does where the whole may be that. */
export function pairFlags({ whole, piece }: PairFamily, what: string, reset = ''): PairFlags {
  const pair = (name: string, description: string): Flag => ({ name, type: 'list', hint: 'key=value', description });
  const all = `${capital(what)}: JSON, file:// or env://. ${reset} Excludes the flags for pieces.`;
  return [
    { name: whole, type: 'string', description: all.replace('  ', ' ') },
    pair(piece, `Piece of ${what}, whose type follows from the value. Without a value it is null.`),
    pair(`string-${piece}`, `Text in ${what}.`),
    pair(`num-${piece}`, `Number in ${what}.`),
    pair(`bool-${piece}`, `true or false in ${what}.`),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The object that the flags of a family give: undefined when none is given, null when the whole is
 * reset.
 */
export function pairedObject(context: Context, family: PairFamily): Record<string, unknown> | null | undefined {
  const { line, io } = context;
  const { whole, piece } = family;
  const [wholeFlag, ...pieces] = pairFlags(family, '');
  const given = line.inOrder(...pieces);
  const text = valueOf(context, wholeFlag);
  if (text !== '' && given.length > 0)
    throw new UsageError(`-${whole} excludes -${piece}, -string-${piece}, -num-${piece} and -bool-${piece}`);
  if (text === 'null') return null;
  if (text !== '') return wholeObject(maybeIndirect(text, io.env), whole);
  if (given.length === 0) return undefined;
  const object: Record<string, unknown> = {};
  for (const { name, text: pair } of given) addPair(object, name, pair, io.env, piece);
  return object;
}

function wholeObject(text: string, flag: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`-${flag} must be a JSON object`);
  return value as Record<string, unknown>;
}

/** Each part is the name of a field. */
const KEY = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;

function addPair(
  object: Record<string, unknown>,
  flag: string,
  pair: string,
  env: NodeJS.ProcessEnv,
  piece: string,
): void {
  const equals = pair.indexOf('=');
  const key = (equals < 0 ? pair : pair.slice(0, equals)).trim();
  if (!KEY.test(key))
    throw new UsageError(`-${flag} must be of the form key=value, which ${JSON.stringify(pair)} is not`);
  const given = pair.slice(equals + 1);
  // White space around a text is part of it; around anything else it means nothing.
  const text = equals < 0 ? undefined : maybeIndirect(flag === `string-${piece}` ? given : given.trim(), env);
  const value = flag === piece ? inferred(text, flag) : typed(text, flag, piece);
  let at = object;
  const parts = key.split('.');
  const last = parts.pop()!;
  for (const part of parts) {
    const below = Object.hasOwn(at, part) ? at[part] : undefined;
    if (typeof below !== 'object' || below === null || Array.isArray(below)) at[part] = {};
    at = at[part] as Record<string, unknown>;
  }
  at[last] = value === null || !Object.hasOwn(at, last) ? value : combined(at[last], value);
}

/** A key that is given twice holds a list. */
function combined(before: unknown, value: unknown): unknown[] {
  if (!Array.isArray(before)) return [before, value];
  before.push(value);
  return before as unknown[];
}

function typed(text: string | undefined, flag: string, piece: string): unknown {
  if (text === undefined) throw new UsageError(`-${flag} needs a value: key=value`);
  if (flag === `string-${piece}`) return text;
  if (flag === `bool-${piece}`) {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new UsageError(`Error parsing ${JSON.stringify(text)}: neither true nor false`);
  }
  if (!isNumber(text)) throw new UsageError(`Error parsing ${JSON.stringify(text)}: not a number`);
  return Number(text);
}

const isNumber = (text: string): boolean => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);

function inferred(text: string | undefined, flag: string): unknown {
  if (text === undefined || text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (isNumber(text)) return Number(text);
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`-${flag} must be valid JSON where a value starts with "[" or "{"`);
  }
}
