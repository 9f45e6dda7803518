/**
 * What may stand at the end of a command line. Bash, and zsh in its manner, run the program itself with the line in
 * COMP_LINE and the cursor's place in COMP_POINT; each line of the answer is one candidate.
 */
import { nounLoaders } from '../commands';
import type { Command, Flag } from '../core/command';

/** Values that flags can take, where they are few. */
const FLAG_VALUES: Readonly<Record<string, readonly string[]>> = {
  format: ['table', 'json'],
  'keyring-type': ['auto', 'file', 'none', 'wincred', 'keychain', 'pass', 'secret-service'],
};

/** Candidates for the last word of a line; the first word is the program. */
export async function candidates(line: string): Promise<string[]> {
  const words = line.trimStart().split(/\s+/);
  const last = words.pop() ?? '';
  const { command, rest } = await walk(words.slice(1));
  return suggestions(command, rest, last).filter((word) => word.startsWith(last));
}

/** The line up to the cursor, or undefined when no shell asks. */
export function lineToComplete(env: NodeJS.ProcessEnv): string | undefined {
  if (env.COMP_LINE === undefined) return undefined;
  const point = Number(env.COMP_POINT);
  return Number.isInteger(point) && point >= 0 ? env.COMP_LINE.slice(0, point) : env.COMP_LINE;
}

async function walk(words: readonly string[]): Promise<{ command: Command; rest: readonly string[] }> {
  let command: Command = { synopsis: '', commands: nounLoaders };
  for (const [at, word] of words.entries()) {
    const next = Object.hasOwn(command.commands ?? {}, word) ? command.commands![word] : undefined;
    if (next === undefined) return { command, rest: words.slice(at) };
    command = await next();
  }
  return { command, rest: [] };
}

function suggestions(command: Command, rest: readonly string[], last: string): string[] {
  if (rest.includes('--')) return [];
  const flags = (command.flags ?? []).flatMap((group) => group.flags).filter((flag) => flag.hidden !== true);
  const awaiting = flagBefore(rest.at(-1), flags);
  if (awaiting !== undefined) return [...(FLAG_VALUES[awaiting.name] ?? [])];
  const commands = rest.length === 0 ? Object.keys(command.commands ?? {}) : [];
  if (last === '' && commands.length > 0) return commands.sort();
  const dashes = last.startsWith('--') ? '--' : '-';
  return [...commands, ...flags.map((flag) => dashes + flag.name)].sort();
}

/** The flag that takes the next word as its value. */
function flagBefore(word: string | undefined, flags: readonly Flag[]): Flag | undefined {
  const name = /^--?([\w-]+)$/.exec(word ?? '')?.[1];
  return flags.find((flag) => flag.name === name && flag.type !== 'bool');
}
