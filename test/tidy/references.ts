/** What a text names: paths of this tree, commands, flags, keys and variables. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { flagsOf, locate, parse, readLine } from '../../cli/program/program';
import { nounLoaders } from '../../cli/commands';
import type { Command } from '../../cli/core/command';
import { isGenerated, listFiles, read, ROOT } from './tree';

const files = listFiles();
const folders = [...new Set(files.flatMap((file) => parentsOf(file)))];
const places = [...files, ...folders];
const roots = new Set(folders.filter((folder) => !folder.includes('/')));

function parentsOf(file: string): string[] {
  const parent = posix.dirname(file);
  return parent === '.' ? [] : [...parentsOf(parent), parent];
}

/** The folders right below these. */
export const foldersBelow = (parents: readonly string[]): string[] =>
  folders.filter((folder) => parents.includes(posix.dirname(folder)));

const SOURCE = /\.(ts|mjs|cjs|proto|sql|sh|md|go|peggy|service|socket)$/;

/** Whether the word means a file or folder of this tree, by its form. */
export function isPath(word: string): boolean {
  if (/^[/~:]|:\/\/|^\*|^-/.test(word)) return false;
  const isFolder = /^[\w.<>*-]+(\/[\w.<>*-]+)*\/$/.test(word);
  return (
    isFolder || SOURCE.test(word) || (word.includes('/') && roots.has(word.replace(/^(\.\.?\/)+/, '').split('/')[0]!))
  );
}

/** Whether the path leads somewhere: from the root, from the folder of the text, or as an end. */
export function leadsSomewhere(path: string, from: string): boolean {
  const plain = path.replace(/\/$/, '');
  if ([plain, posix.join(from, plain)].some((place) => existsSync(join(ROOT, place)))) return true;
  const pattern = plain
    .split(/(<[^>]+>s?|\*)/)
    .map((part) => (/^(<|\*)/.test(part) ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  const ending = new RegExp(`(^|/)${pattern}$`);
  return places.some((place) => ending.test(place));
}

/** Everything that the sources call by a name; the documentation itself is left out. */
const names: ReadonlySet<string> = new Set(
  files
    .filter((file) => !/\.(md|binpb|txt)$|package-lock\.json$|^proto\/gen\/openapi/.test(file))
    .filter((file) => !isGenerated(file) || file.startsWith('proto/gen/'))
    .flatMap((file) => read(file).match(/[A-Za-z_$][\w$]*/g) ?? []),
);

const endings = [...names].filter((name) => /^_\w{6}/.test(name));

/** Words with an underscore or a capital inside: nobody writes them unless they name something. */
const NAME = /^(?:[a-z]+(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z0-9]+){2,})$/;

/** Words that name something which is nowhere in the sources. */
export async function unknownNames(words: readonly string[]): Promise<string[]> {
  const { variables } = await cli();
  const isKnown = (word: string): boolean =>
    names.has(word) ||
    // The CLI makes variables of its flags.
    variables.has(word.replace(/^(SALLYPORT|BOUNDARY)_/, '')) ||
    // Names of metrics are put together.
    endings.some((ending) => word.endsWith(ending));
  return words
    .flatMap((word) => word.replace(/\(\)?$|=.*$/, '').split(/[.:/]/))
    .filter((word) => NAME.test(word) && !isKnown(word));
}

interface Cli {
  flags: ReadonlySet<string>;
  variables: ReadonlySet<string>;
}

let known: Promise<Cli> | undefined;

/** The flags of all commands, and the variables behind `SALLYPORT_` that stand for them. */
export const cli = (): Promise<Cli> => (known ??= collect());

async function collect(): Promise<Cli> {
  const flags = new Set<string>();
  const variables = new Set<string>();
  const visit = async (command: Command): Promise<void> => {
    for (const { name, env } of flagsOf(command)) {
      flags.add(name);
      if (env !== undefined) variables.add(env);
    }
    for (const load of Object.values(command.commands ?? {})) await visit(await load());
  };
  for (const load of Object.values(nounLoaders)) await visit(await load());
  return { flags, variables };
}

/** The words of a line of a shell, up to a pipe, a redirection, a comment or the next command. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted, double, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|((?:<[^>]+>|[^\s'"])+)/g)) {
    const word = quoted ?? double ?? plain!;
    if (plain !== undefined && /^([|#&;>]|\d?>)/.test(plain)) break;
    words.push(word.replace(/[;`]$/, ''));
    if (plain?.endsWith(';') === true) break;
  }
  return words;
}

/**
 * What is wrong with a call of the command line; undefined when it could be typed like that. A text
 * may leave out the value of the last flag.
 */
export async function problemOfCall(words: readonly string[]): Promise<string | undefined> {
  const route = await locate(words);
  if (route.command.run === undefined) {
    const [next] = route.rest;
    return next === undefined ? undefined : `no command ${[...route.path, next].join(' ')}`;
  }
  try {
    parse(route, readLine(route), {});
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith('flag needs an argument') ? undefined : message;
  }
}

export const isCommand = (word: string): boolean => Object.hasOwn(nounLoaders, word);
