/** Help texts, made from the data of the commands. */
import type { Command, Flag, FlagGroup } from '../core/command';
import { nounLoaders } from '../commands';
import { MARGIN, wrapLine } from '../io/wrap';

export const PROGRAM = 'sallyport';

/** Columns of wrapped help. */
const WIDTH = 78;

const LOCAL = ['authenticate', 'client-agent', 'config', 'connect', 'daemon', 'dev', 'logout', 'search', 'server'];
const GENERIC = ['delete', 'read', 'update'];
/** Such a flag works, but means nothing to a newcomer. */
const HIDDEN = ['version'];

/** Help of the whole program. */
export async function rootHelp(): Promise<string> {
  const names = Object.keys(nounLoaders).sort();
  const typed = names.filter((name) => ![...LOCAL, ...GENERIC, ...HIDDEN].includes(name));
  return [
    `Usage: ${PROGRAM} <command> [args]`,
    '',
    'Local/Client Commands:',
    ...(await synopses(LOCAL)),
    '',
    'Generic Commands:',
    ...(await synopses(GENERIC)),
    '',
    'Type-Specific Commands:',
    ...(await synopses(typed)),
    '',
    `"${PROGRAM} <command> -h" tells more about a command.`,
  ].join('\n');
}

const synopses = async (names: readonly string[]): Promise<string[]> =>
  aligned(await Promise.all(names.map(async (name) => [name, (await nounLoaders[name]!()).synopsis] as const)));

function aligned(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length)) + 4;
  return entries.map(([name, synopsis]) => `    ${name.padEnd(width)}${synopsis}`);
}

/** Help of one command or group. `path` are its words. */
export async function commandHelp(path: readonly string[], command: Command): Promise<string> {
  const words = [PROGRAM, ...path].join(' ');
  const blocks = [
    usage(words, command).join('\n'),
    wrapText(command.description ?? `${command.synopsis}.`, 2),
    ...examples(command),
    ...(await subcommands(command)),
    ...(command.run === undefined ? [] : (command.flags ?? []).map(groupHelp)),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function usage(words: string, command: Command): string[] {
  if (command.usage !== undefined) return [`Usage: ${words} ${command.usage}`];
  const alias = command.alias === undefined ? '' : ' [target alias]';
  const rest = command.passthrough === true ? ' [-- args]' : '';
  return [
    ...(command.run === undefined ? [] : [`Usage: ${words}${alias} [options]${rest}`]),
    ...(command.commands === undefined ? [] : [`Usage: ${words} <subcommand> [options]`]),
  ];
}

function examples(command: Command): string[] {
  const lines = (command.examples ?? []).map((example) => `    $ ${PROGRAM} ${example}`);
  return lines.length === 0 ? [] : [`  Example${lines.length > 1 ? 's' : ''}:\n\n${lines.join('\n')}`];
}

async function subcommands(command: Command): Promise<string[]> {
  const children = Object.entries(command.commands ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (children.length === 0) return [];
  const entries = await Promise.all(children.map(async ([name, load]) => [name, (await load()).synopsis] as const));
  return ['Subcommands:\n' + aligned(entries).join('\n')];
}

/** A group of flags as help shows it. */
export function groupHelp(group: FlagGroup): string {
  const flags = group.flags.filter((flag) => flag.hidden !== true).map(flagHelp);
  return [`${group.title}:`, ...flags].join('\n\n');
}

const TYPE_WORDS = {
  string: 'string',
  list: 'string',
  int: 'int',
  uint: 'uint',
  duration: 'duration',
};

/** A flag as help shows it. */
export function flagHelp(flag: Flag): string {
  const type = flag.type === 'bool' ? '' : `=<${flag.hint ?? TYPE_WORDS[flag.type]}>`;
  const remarks = [
    ...(flag.type === 'list' && flag.single !== true ? ['May be given several times.'] : []),
    ...(flag.default === undefined ? [] : [`The default is ${flag.default}.`]),
    ...(flag.env === undefined ? [] : [`This can also be set by SALLYPORT_${flag.env} or BOUNDARY_${flag.env}.`]),
  ];
  return `  -${flag.name}${type}\n${wrapText([flag.description, ...(flag.noEffect === undefined ? [] : [`No effect here: ${flag.noEffect}`]), ...remarks].join(' '), 6)}`;
}

const wrapText = (text: string, indent: number): string =>
  text
    .split('\n')
    .map((line) => wrapLine(' '.repeat(indent) + line, WIDTH - MARGIN))
    .join('\n');
