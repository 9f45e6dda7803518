/**
 * Commands are data. A node of the command tree has a synopsis, perhaps commands below it, and
 * perhaps flags and a handler of its own; help, flag parsing, dispatch and the tests read the same
 * data.
 */
import type { Printer } from '../output/print';
import type { Io } from '../io/io';

/**
 * What a handler gets for a flag, by its type.
 * - `string`: empty and absent are the same; also for numbers that the word `null` clears, whose
 *   content the command checks.
 * - `bool`: `-x`, `-x=false`; never takes the next word.
 * - `duration`: milliseconds.
 * - `list`: each occurrence adds one value, trimmed; commas are not split.
 */
export interface FlagValues {
  string: string;
  bool: boolean;
  int: number | undefined;
  uint: number | undefined;
  duration: number | undefined;
  list: readonly string[];
}

export type FlagType = keyof FlagValues;

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
  /** The values that it can have, for completion. */
  choices?: readonly string[];
  /**
   * Why the flag does nothing here, although scripts may still give it. Shown in the help, and
   * again when the flag is used.
   */
  noEffect?: string;
  /** A list that the command takes one value of; it refuses more, and says so. */
  single?: true;
  /** Largest value of a number; beyond it the flag is refused. */
  max?: number;
}

/** A flag whose value is a text. */
export type TextFlag = Flag & { type: 'string' };

export interface FlagGroup<F extends Flag = Flag> {
  title: string;
  flags: readonly F[];
}

/** The flags of some groups. */
export type FlagsIn<G extends readonly FlagGroup[]> = G[number]['flags'][number];

/**
 * The values of some flags by name. A flag whose name the types do not know cannot be named here:
 * generic code reads it with {@link valueOf}.
 */
export type Args<F extends Flag> = {
  readonly [G in F as string extends G['name'] ? never : G['name']]: FlagValues[G['type']];
};

/**
 * What one call of a command is given. `A` has the values of its flags: command line before
 * environment before default.
 */
export interface Context<A extends object = object> {
  io: Io;
  printer: Printer;
  /** Words of the command, `['targets', 'list']`. */
  path: readonly string[];
  args: A;
  /** Words behind `--`. */
  rest: readonly string[];
  /** Flags as they were given, and what else is known about them. */
  line: GivenFlags<A>;
}

export interface GivenFlags<A extends object = object> {
  /** Whether the flag stands on the command line. */
  has(name: keyof A & string): boolean;
  /** What was given for these flags, in the order of the command line. */
  inOrder(...flags: readonly Flag[]): readonly Occurrence[];
  /** Values of the flags on the command line or in the environment; no defaults. */
  readonly said: Readonly<Record<string, unknown>>;
  /** Those of them that do nothing. */
  readonly withoutEffect: readonly Flag[];
}

export interface Occurrence {
  name: string;
  text: string;
}

/** The value of a flag that data names. */
export function valueOf<F extends Flag>({ args }: Context, { name }: F): FlagValues[F['type']] {
  if (!Object.hasOwn(args, name)) throw new Error(`flag -${name} is not declared`);
  return (args as Readonly<Record<string, unknown>>)[name] as FlagValues[F['type']];
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
  /** Only with `run`. */
  flags?: readonly FlagGroup[];
  /**
   * The flag that a word behind the command stands for: the alias of a target instead of its id.
   */
  alias?: string;
  /** Words behind `--` have a meaning. */
  passthrough?: boolean;
  /** Answers the exit status. */
  run?(context: Context): Promise<number>;
  commands?: Readonly<Record<string, CommandLoader>>;
}

/** A command whose handler gets the values of its flags by their names. */
export const defineCommand = <const G extends readonly FlagGroup[]>(
  command: Omit<Command, 'flags' | 'run'> & { flags: G; run(context: Context<Args<FlagsIn<G>>>): Promise<number> },
): Command => command;
