/**
 * Commands are data. A node of the command tree has a synopsis, perhaps commands below it, and perhaps flags and a
 * handler of its own; help, flag parsing, dispatch and the tests read the same data.
 */
import type { Io } from './io';
import type { Printer } from '../output/print';
import type { Values } from './values';

/**
 * - `bool`: `-x`, `-x=false`; never takes the next word.
 * - `list`: each occurrence adds one value, commas are not split.
 * - `string`: also for numbers that the word `null` clears; the command checks its content.
 */
export type FlagType = 'string' | 'bool' | 'int' | 'uint' | 'duration' | 'list' | 'pairs';

export interface Flag {
  /** Kebab case, without dashes. */
  name: string;
  type: FlagType;
  description: string;
  default?: string;
  /** Name of the environment variable behind `SALLYPORT_` or `BOUNDARY_`. */
  env?: string;
  /** Word in help in the place of the type. */
  hint?: string;
  /** An empty value on the command line counts as not given. */
  emptyIsUnset?: boolean;
  hidden?: boolean;
  /** Why the flag, which scripts may still give, does nothing here. Told in help, and again where it is used. */
  noEffect?: string;
  /** Largest value of a number; beyond it the flag is refused. */
  max?: number;
}

export interface FlagGroup {
  title: string;
  flags: readonly Flag[];
}

export interface Context {
  io: Io;
  values: Values;
  printer: Printer;
  /** Words of the command, `['targets', 'list']`. */
  path: readonly string[];
}

export type CommandLoader = () => Promise<Command>;

export interface Command {
  /** One line in the list of the level above. */
  synopsis: string;
  /** A paragraph or more in its own help. */
  description?: string;
  /** Arguments in the usage line, for a command that is no ordinary one. */
  usage?: string;
  /** Argument lists behind the program name. Each is parsed by a test. */
  examples?: readonly string[];
  /** Flags; only with `run`. */
  flags?: readonly FlagGroup[];
  /** The first word behind the command may name a target instead of a flag. */
  alias?: boolean;
  /** Words behind `--` have a meaning. */
  passthrough?: boolean;
  /** Answers the exit status. */
  run?(context: Context): Promise<number>;
  commands?: Readonly<Record<string, CommandLoader>>;
}
