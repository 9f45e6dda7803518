/**
 * Reads the words behind a command. One or two dashes before a long name are the same; a flag that is no boolean takes
 * what follows `=` or the next word, whatever it starts with; the first word that is no flag ends the flags; what
 * follows `--` is for somebody else.
 */
import type { Flag } from './command';
import { UsageError } from './errors';
import { parseBoolean, parseDuration, parseInteger } from './numbers';
import { nearest } from './suggest';
import { Values } from './values';

/** Parses `words`; errors name the flag and are {@link UsageError}s. */
export function parseArgv(
  words: readonly string[],
  flags: readonly Flag[],
  options: { env: NodeJS.ProcessEnv; alias?: boolean | undefined },
): Values {
  const values = new Values(flags, options.env);
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const end = words.indexOf('--');
  let at = 0;
  if (options.alias === true && words[0] !== undefined && !words[0].startsWith('-')) values.alias = words[at++];
  while (at < words.length) {
    const word = words[at++]!;
    if (word === '--' || !word.startsWith('-') || word === '-') break;
    const { name, inline } = split(word);
    const flag = known.get(name);
    if (flag === undefined) throw unknownFlag(name, flags);
    if (flag.type === 'bool') values.add(name, checkedBoolean(flag, inline ?? 'true'));
    else if (inline !== undefined) values.add(name, checked(flag, inline));
    else if (at < words.length) values.add(name, checked(flag, words[at++]!));
    else throw new UsageError(`flag needs an argument: -${name}`);
  }
  values.rest = end < 0 ? [] : words.slice(end + 1);
  return values;
}

function split(word: string): { name: string; inline: string | undefined } {
  const bare = word.slice(word.startsWith('--') ? 2 : 1);
  if (bare === '' || bare.startsWith('-') || bare.startsWith('=')) throw new UsageError(`bad flag syntax: ${word}`);
  const equals = bare.indexOf('=');
  if (equals < 0) return { name: bare, inline: undefined };
  return { name: bare.slice(0, equals), inline: bare.slice(equals + 1) };
}

function unknownFlag(name: string, flags: readonly Flag[]): UsageError {
  const near = nearest(
    name,
    flags.filter((flag) => flag.hidden !== true).map((flag) => flag.name),
  );
  return new UsageError(
    `flag provided but not defined: -${name}${near === undefined ? '' : `; did you mean -${near}?`}`,
  );
}

function checkedBoolean(flag: Flag, text: string): string {
  if (parseBoolean(text) === undefined)
    throw new UsageError(`invalid boolean value ${JSON.stringify(text)} for -${flag.name}: parse error`);
  return text;
}

function checked(flag: Flag, text: string): string {
  const why = complaint(flag, text);
  if (why !== undefined) throw new UsageError(`invalid value ${JSON.stringify(text)} for flag -${flag.name}: ${why}`);
  return text;
}

function complaint(flag: Flag, text: string): string | undefined {
  if (flag.type === 'duration')
    return parseDuration(text) === undefined ? 'not a duration such as 90s or 1h30m' : undefined;
  if (flag.type === 'pairs') return /^[^=]+=/.test(text) || text === 'null' ? undefined : 'not of the form key=value';
  if (flag.type !== 'int' && flag.type !== 'uint') return undefined;
  const value = parseInteger(text);
  if (value === undefined || (flag.type === 'uint' && value < 0)) return 'not a number';
  return flag.max !== undefined && value > flag.max ? `more than ${flag.max}` : undefined;
}

/** Help was asked for, by any word before `--`. */
export function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).some((word) => ['-h', '-help', '--help'].includes(word));
}

/** The output format before flags are parsed, so that even a bad flag is reported in it. */
export function formatOf(words: readonly string[]): string | undefined {
  let format: string | undefined;
  for (let at = 0; at < words.length && words[at] !== '--'; at++) {
    const match = /^--?format(?:=(.*))?$/s.exec(words[at]!);
    if (match !== null) format = match[1] ?? words[at + 1] ?? format;
  }
  return format;
}
