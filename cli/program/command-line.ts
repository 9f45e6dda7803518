/**
 * Reads the words behind a command, as scripts of Go programs spell them, and rewrites them in the
 * one spelling that yargs always reads in the same way. One dash and two are the same. A flag that
 * is no boolean takes what follows `=`, or the next word, whatever it starts with. A boolean never
 * takes the next word. What follows `--` is for another program.
 */
import type { Flag, Occurrence } from '../core/command';
import { UsageError } from '../io/errors';

/** A word that is neither a flag nor the value of one. */
interface BareWord {
  word: string;
  /** The flag in front of it. */
  behind: Occurrence | undefined;
  /** Its place among the words. */
  at: number;
}

export interface CommandLine {
  /**
   * For yargs: `--name=value`, bare words, and `--` with what follows it. A flag stands here once,
   * as yargs copies the list of its values for each one that is added.
   */
  words: readonly string[];
  /** The values of each flag that is given, in order. */
  texts: ReadonlyMap<string, readonly string[]>;
  given: readonly Occurrence[];
  bare: readonly BareWord[];
  /** Words behind `--`. */
  rest: readonly string[];
  /** The first flag that the command does not have, and its place among the words. */
  unknown: { name: string; at: number } | undefined;
  /** The flag at the end that lacks its value. */
  awaiting: Flag | undefined;
  /**
   * What is wrong with the first word that cannot be read, when no unknown flag stands before it.
   */
  problem: UsageError | undefined;
}

/** Replaces an unknown flag, whose name could mean something to a parser. No flag has this name. */
const UNKNOWN = '--?';

/** Never throws, because it also reads lines that are still being typed. */
export function readCommandLine(words: readonly string[], flags: readonly Flag[]): CommandLine {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const line = { words: [] as string[], given: [] as Occurrence[], bare: [] as BareWord[], rest: [] as string[] };
  const texts = new Map<string, string[]>();
  let unknown: CommandLine['unknown'];
  let awaiting: Flag | undefined;
  let problem: UsageError | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--') {
      line.rest = words.slice(at + 1);
      line.words = [...line.words, ...words.slice(at)];
      break;
    }
    if (!word.startsWith('-')) {
      line.bare.push({ word, behind: line.given.at(-1), at });
      line.words.push(word);
      continue;
    }
    const [, name, inline] = /^--?([^-=][^=]*)(?:=([^]*))?$/.exec(word) ?? [];
    if (name === undefined) {
      if (unknown === undefined) problem ??= new UsageError(`bad flag syntax: ${word}`);
      continue;
    }
    const flag = known.get(name);
    if (flag === undefined) {
      unknown ??= { name, at };
      line.words.push(UNKNOWN);
      continue;
    }
    const text = inline ?? (flag.type === 'bool' ? 'true' : words[++at]);
    if (text === undefined) {
      awaiting = flag;
      if (unknown === undefined) problem ??= new UsageError(`flag needs an argument: -${name}`);
      continue;
    }
    line.given.push({ name, text });
    const others = texts.get(name);
    if (others !== undefined) {
      others.push(text);
      continue;
    }
    texts.set(name, [text]);
    line.words.push(`--${name}=${text}`);
  }
  return { ...line, texts, unknown, awaiting, problem };
}

/** Help was asked for, by any word before `--`. */
export function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).some((word) => ['-h', '-help', '--help'].includes(word));
}
