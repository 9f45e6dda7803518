/** Converts the text of a flag to its value, as a handler gets it. */
import type { Args, Flag, FlagType, FlagValues } from './command';
import { environment } from '../io/environment';
import { UsageError } from '../io/errors';
import { parseBoolean, parseDuration, parseInteger } from './numbers';

type Parsers = { [T in Exclude<FlagType, 'list'>]: (text: string) => FlagValues[T] | undefined };

const PARSERS: Parsers = {
  string: (text) => text,
  bool: parseBoolean,
  int: parseInteger,
  uint: (text) => {
    const value = parseInteger(text);
    return value === undefined || value < 0 ? undefined : value;
  },
  duration: parseDuration,
};

/**
 * What the value of an occurrence on the command line is. Throws a UsageError that names the flag.
 */
export function givenValue(flag: Flag, texts: readonly string[]): FlagValues[FlagType] {
  if (flag.type === 'list') return texts.map((text) => text.trim());
  const parse = PARSERS[flag.type];
  return texts.map((text) => checked(flag, text, parse(text))).at(-1);
}

/**
 * The value of a flag that is not on the command line, and whether the environment has it. A
 * variable that cannot be parsed counts as not set.
 */
export function fallback(flag: Flag, env: NodeJS.ProcessEnv): { value: FlagValues[FlagType]; isSet: boolean } {
  if (flag.type === 'list') return { value: [], isSet: false };
  const parse: (text: string) => FlagValues[FlagType] | undefined = PARSERS[flag.type];
  const variable = flag.env === undefined ? undefined : environment(env, flag.env);
  const fromEnv = variable === undefined ? undefined : parse(variable);
  if (fromEnv !== undefined) return { value: fromEnv, isSet: true };
  if (flag.default !== undefined) return { value: parse(flag.default), isSet: false };
  return { value: flag.type === 'string' ? '' : flag.type === 'bool' ? false : undefined, isSet: false };
}

/** The values of flags that are given nowhere but perhaps in the environment. */
export const defaultArgs = <F extends Flag>(flags: readonly F[], env: NodeJS.ProcessEnv): Args<F> =>
  Object.fromEntries(flags.map((flag) => [flag.name, fallback(flag, env).value])) as Args<F>;

function checked<V>(flag: Flag, text: string, value: V | undefined): V {
  const shown = JSON.stringify(text);
  if (value === undefined && flag.type === 'bool')
    throw new UsageError(`invalid boolean value ${shown} for -${flag.name}: parse error`);
  const why = value === undefined ? COMPLAINTS[flag.type] : tooMuch(flag, value);
  if (why !== undefined) throw new UsageError(`invalid value ${shown} for flag -${flag.name}: ${why}`);
  return value!;
}

const COMPLAINTS: Partial<Record<FlagType, string>> = {
  int: 'not a number',
  uint: 'not a number',
  duration: 'not a duration such as 90s or 1h30m',
};

const tooMuch = ({ max }: Flag, value: unknown): string | undefined =>
  max !== undefined && Number(value) > max ? `more than ${max}` : undefined;
