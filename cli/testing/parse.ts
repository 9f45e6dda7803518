/** Parses words as the flags of one command, for tests. */
import type { Command, Context, Flag } from '../core/command';
import { parse, readLine, type Call, type Route } from '../program/program';

/** The call of `things list`, a command with these flags, beside `things read`. */
export function parseAs(
  flags: readonly Flag[],
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
  more: Partial<Command> = {},
): Call {
  const run = (): Promise<number> => Promise.resolve(0);
  const command: Command = { synopsis: '', flags: [{ title: '', flags }], run, ...more };
  const load = (): Promise<Command> => Promise.resolve(command);
  const group: Command = { synopsis: '', commands: { list: load, read: load } };
  const root: Command = { synopsis: '', commands: { things: () => Promise.resolve(group) } };
  const route: Route = { path: ['things', 'list'], steps: [root, group, command], command, rest: words };
  return parse(route, readLine(route), env);
}

/** A context of that call for code that needs no more of it. */
export const contextOf = (call: Call, io: Context['io']): Context =>
  ({ ...call, io, path: ['things', 'list'] }) as unknown as Context;
