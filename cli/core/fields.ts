/** Flags that fill a field of the item to be created or changed. */
import { FilterSyntaxError, compileFilter } from '../../lib/filter/filter';
import { valueOf, type Context, type Flag } from './command';
import { UsageError } from '../io/errors';
import { mustBeIndirect } from './indirect';
import { parseBoolean, parseDuration, parseInteger } from './numbers';

export interface Field {
  /**
   * Besides texts, `bool`, `uint` and `list` flags are understood; each text of a list goes through
   * `parse`.
   */
  flag: Flag;
  /** Where the value goes: `name`, `attributes.default_port`. */
  path: string;
  /** From text to JSON; throws a UsageError. The text itself when absent. */
  parse?: (text: string, context: Context) => unknown;
  /** On create. */
  required?: boolean;
  /** False: `null` is a text like any other. */
  clearable?: false;
  /**
   * The flag takes only references such as `env://NAME`, because its value must not be on the
   * command line.
   */
  indirect?: boolean;
}

const CLEAR = 'The word null clears it.';

export const NAME: Field = {
  flag: { name: 'name', type: 'string', description: `Name, unique among its neighbors. ${CLEAR}` },
  path: 'name',
};

export const DESCRIPTION: Field = {
  flag: { name: 'description', type: 'string', description: `What it is for. ${CLEAR}` },
  path: 'description',
};

const refuse = (text: string, why: string): never => {
  throw new UsageError(`Error parsing ${JSON.stringify(text)}: ${why}`);
};

export function unsigned(text: string): number {
  const value = parseInteger(text);
  return value === undefined || value < 0 ? refuse(text, 'not a number from 0 on') : value;
}

export const integer = (text: string): number => parseInteger(text) ?? refuse(text, 'not a number');

/** Seconds, or a duration such as `8h`. */
export function seconds(text: string): number {
  const value = parseInteger(text) ?? (parseDuration(text) ?? NaN) / 1000;
  return Number.isInteger(value) && value >= 0
    ? value
    : refuse(text, 'not a number of seconds or a duration such as 8h');
}

export const boolean = (text: string): boolean => parseBoolean(text) ?? refuse(text, 'neither true nor false');

export const workerFilter = (text: string): string => filterExpression('worker filter', text);

/** Checked here, so that a mistake is found before anything is sent. */
export function filterExpression(what: string, text: string): string {
  try {
    compileFilter(text);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    throw new UsageError(`The ${what} ${JSON.stringify(text)} could not be parsed: ${error.message}`);
  }
  return text;
}

export interface Body {
  /** JSON of the item; cleared fields are null. */
  item: Record<string, unknown>;
  /** Paths of what was given, for an update mask. */
  mask: string[];
}

/**
 * Values of the given flags. An empty value counts as not given. `null` clears; for a new item that
 * is the same as nothing.
 */
export function bodyOf(context: Context, fields: readonly Field[], purpose: 'create' | 'update'): Body {
  const item: Record<string, unknown> = {};
  const mask: string[] = [];
  for (const field of fields) {
    const value = fieldValue(context, field);
    if (value === undefined && purpose === 'create' && field.required === true)
      throw new UsageError(`-${field.flag.name} is required`);
    if (value === undefined || (value === null && purpose === 'create')) continue;
    setPath(item, field.path, value);
    mask.push(field.path);
  }
  return { item, mask };
}

/** Undefined when the flag was not given, null when it clears. */
function fieldValue(context: Context, field: Field): unknown {
  const value = valueOf(context, field.flag);
  if (typeof value === 'string')
    return value === '' ? undefined : clears(field, value) ? null : parsed(context, field, value);
  if (typeof value !== 'object') return context.line.inOrder(field.flag).length > 0 ? value : undefined;
  if (value.length === 1 && clears(field, value[0]!)) return null;
  return value.length === 0 ? undefined : value.map((text) => parsed(context, field, text));
}

const clears = ({ clearable }: Field, text: string): boolean => text === 'null' && clearable !== false;

function parsed(context: Context, { flag, parse, indirect }: Field, text: string): unknown {
  const value = indirect === true ? mustBeIndirect(flag.name, text, context.io.env) : text;
  return parse === undefined ? value : parse(value, context);
}

/** Puts a value at a dotted path. */
export function setPath(item: Record<string, unknown>, path: string, value: unknown): void {
  const dot = path.indexOf('.');
  if (dot < 0) item[path] = value;
  else setPath((item[path.slice(0, dot)] ??= {}) as Record<string, unknown>, path.slice(dot + 1), value);
}
