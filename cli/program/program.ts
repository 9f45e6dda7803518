/**
 * The command line as yargs reads it: its commands, options and strict modes are made from the data
 * of the commands. Modules are loaded along the leading words only, so that a start reads no more
 * than it needs.
 */
import type { Argv, Options } from 'yargs';
import yargs from 'yargs/yargs';
import { nounLoaders } from '../commands';
import type { Command, Flag, GivenFlags } from '../core/command';
import { readCommandLine, type CommandLine } from './command-line';
import { UnknownCommand, UsageError } from '../io/errors';
import { fallback, givenValue } from '../core/flag-values';
import { unknownWords } from './suggest';
import { nearest } from '../../lib/text/nearest';

/**
 * A command and the words that lead to it. The first step is the program itself, which has no word.
 */
export interface Route {
  path: readonly string[];
  steps: readonly [Command, ...Command[]];
  command: Command;
  /** Words behind the command. */
  rest: readonly string[];
}

/** What a command line comes to. */
export interface Call {
  args: object;
  rest: readonly string[];
  line: GivenFlags;
}

const ROOT: Command = { synopsis: '', commands: nounLoaders };

/** Loads the commands that the leading words name. */
export async function locate(words: readonly string[]): Promise<Route> {
  const path: string[] = [];
  const steps: [Command, ...Command[]] = [ROOT];
  let command = ROOT;
  for (const word of words) {
    const load = Object.hasOwn(command.commands ?? {}, word) ? command.commands![word] : undefined;
    if (load === undefined) break;
    command = await load();
    path.push(word);
    steps.push(command);
  }
  return { path, steps, command, rest: words.slice(path.length) };
}

export const flagsOf = ({ flags = [] }: Command): Flag[] => flags.flatMap((group) => [...group.flags]);

export const readLine = ({ command, rest }: Route): CommandLine => readCommandLine(rest, flagsOf(command));

/**
 * Throws an UnknownCommand for words that lead nowhere, and a UsageError for flags and words that
 * mean nothing.
 */
export function parse(route: Route, line: CommandLine, env: NodeJS.ProcessEnv): Call {
  if (line.problem !== undefined && route.command.run !== undefined) throw line.problem;
  let args: object | undefined;
  const program = build(route, { texts: line.texts, env }, (values) => (args = values));
  program.fail((message: string) => {
    throw refusal(route, line, message);
  });
  program.parseSync([...route.path, ...line.words]);
  if (args === undefined) throw refusal(route, line, 'no command');
  return { args, rest: line.rest, line: givenFlags(flagsOf(route.command), args, line, env) };
}

/** Candidates for the word behind a line that is still being typed; flags with two dashes. */
export function complete(route: Route, words: readonly string[]): string[] {
  let found = '';
  const program = build(route, { texts: new Map(), env: {} }, () => undefined, true).completion('completion', false);
  // Called at each level of commands; the innermost one has the answer.
  void program.parse(
    [COMPLETE, PROGRAM, ...route.path, ...words],
    {},
    (_error, _args, output) => void (found ||= output),
  );
  // For zsh and fish, as SHELL names them, yargs adds descriptions; this program is asked by bash's
  // protocol.
  return found === '' ? [] : found.split('\n').map((candidate) => candidate.split(/[:\t]/)[0]!);
}

/** Asks yargs for candidates; the program's own name follows. */
const COMPLETE = '--get-yargs-completions';
const PROGRAM = 'sallyport';

/** Key of the word that stands for a flag. */
const ALIAS = 'target-alias';

/**
 * No directory is read. Without this one, yargs asks for the current directory, which may be gone.
 */
const NOWHERE = '/';

type Values = Readonly<Record<string, unknown>>;

/** `called` gets the values of the flags. */
function build(route: Route, source: Source, called: (args: object) => void, completing = false): Argv {
  const program = yargs([], NOWHERE)
    .scriptName(PROGRAM)
    .help(false)
    .version(false)
    .exitProcess(false)
    .detectLocale(false)
    .strictCommands()
    .strictOptions()
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'nargs-eats-options': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'short-option-groups': false,
    });
  return addCommands(program, 0);

  function addCommands(parent: Argv, depth: number): Argv {
    const next = route.path[depth];
    const isGroup = route.steps[depth]!.run === undefined;
    const all = next === undefined && (completing ? route.rest.length === 0 : isGroup);
    for (const name of Object.keys(route.steps[depth]!.commands ?? {})) {
      if (name === next) addCommand(parent, name, depth + 1);
      else if (all) parent.command(name, '');
    }
    return next === undefined && isGroup && !completing ? parent.demandCommand(1) : parent;
  }

  function addCommand(parent: Argv, name: string, depth: number): void {
    const command = route.steps[depth]!;
    const isLast = depth === route.path.length;
    const flags = isLast ? flagsOf(command) : [];
    parent.command(
      command.alias === undefined ? name : `${name} [${ALIAS}]`,
      '',
      (inner) => {
        addCommands(inner, depth);
        if (command.alias !== undefined) inner.positional(ALIAS, { type: 'string' });
        if (isLast && command.run !== undefined && command.passthrough !== true) inner.demandCommand(0, 0);
        return inner.options(Object.fromEntries(flags.map((flag) => [flag.name, option(flag, completing)])));
      },
      (args) => {
        if (isLast && command.run !== undefined) called(typed(command, args, flags, source));
      },
    );
  }
}

/** Every value is one text to yargs. {@link typed} decides what it means. */
const option = ({ hidden = false, choices }: Flag, completing: boolean): Options => ({
  type: 'string',
  nargs: 1,
  ...(completing ? { hidden, ...(choices === undefined ? {} : { choices }) } : {}),
});

/**
 * The values by the names of the flags. Of a flag that is given several times, yargs has the first
 * value only.
 */
function typed({ alias }: Command, args: Values, flags: readonly Flag[], { texts, env }: Source): object {
  const values = Object.fromEntries(
    flags.map((flag) => [flag.name, valueOf(flag, args[flag.name] === undefined ? [] : texts.get(flag.name)!, env)]),
  );
  const word = args[ALIAS];
  if (alias === undefined || word === undefined) return values;
  if (values[alias] !== '')
    throw new UsageError(
      `The alias ${JSON.stringify(word)} stands beside the id ${String(values[alias])}; give one of them`,
    );
  return { ...values, [alias]: word };
}

interface Source extends Pick<CommandLine, 'texts'> {
  env: NodeJS.ProcessEnv;
}

function valueOf(flag: Flag, texts: readonly string[], env: NodeJS.ProcessEnv): unknown {
  const isGiven = texts.length > 0 && !(flag.emptyIsUnset === true && texts.at(-1) === '');
  return isGiven ? givenValue(flag, texts) : fallback(flag, env).value;
}

/**
 * The error of a line that yargs refuses. Its own message is used only when it is about the value
 * of a flag.
 */
function refusal({ path, command }: Route, line: CommandLine, message: string): Error {
  if (command.run === undefined) return new UnknownCommand(message);
  const stray = line.bare[command.alias === undefined ? 0 : 1];
  const { unknown } = line;
  if (unknown !== undefined && (stray === undefined || unknown.at < stray.at))
    return unknownFlag(unknown.name, flagsOf(command));
  if (stray !== undefined) return new UsageError(strayWord(stray, flagsOf(command), { path, command }));
  if (line.rest.length > 0 && command.passthrough !== true)
    return new UsageError(
      `unexpected word ${JSON.stringify(line.rest[0])} behind --: "${path.join(' ')}" starts no program`,
    );
  return new UsageError(message);
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

function strayWord(
  { word, behind }: CommandLine['bare'][number],
  flags: readonly Flag[],
  { path, command }: Pick<Route, 'path' | 'command'>,
): string {
  const shown = JSON.stringify(word);
  if (behind === undefined && command.commands !== undefined && command.alias === undefined)
    return unknownWords([...path, word].join(' '), Object.keys(command.commands), word);
  if (behind === undefined && command.alias !== undefined)
    return `unexpected word ${shown}: one alias is given already`;
  if (behind === undefined) return `unexpected word ${shown}: what a command works on is named by flags`;
  const what = `unexpected word ${shown} behind -${behind.name}`;
  const type = flags.find((flag) => flag.name === behind.name)?.type;
  if (type === 'bool') return `${what}: a boolean takes its value with an equal sign, as -${behind.name}=false`;
  if (type === 'list') return `${what}: each value needs the flag again, and one with spaces quotes`;
  return `${what}: a value with spaces needs quotes`;
}

function givenFlags(flags: readonly Flag[], args: object, line: CommandLine, env: NodeJS.ProcessEnv): GivenFlags {
  const names = new Set(line.given.map(({ name }) => name));
  const said = flags.filter((flag) => names.has(flag.name) || fallback(flag, env).isSet);
  return {
    has: (name) => names.has(name),
    inOrder: (...wanted) => line.given.filter(({ name }): boolean => wanted.some((flag) => flag.name === name)),
    get said() {
      return Object.fromEntries(said.map(({ name }) => [name, (args as Values)[name]]));
    },
    withoutEffect: said.filter(({ noEffect }) => noEffect !== undefined),
  };
}
