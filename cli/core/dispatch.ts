/** From words to a command, its flags and its exit status; everything that can go wrong ends here. */
import { nounLoaders } from '../commands';
import { Printer } from '../output/print';
import { showLine } from '../output/terminal';
import { asksForHelp, formatOf, parseArgv } from './argv';
import type { Command, Context, Flag } from './command';
import { environment } from './environment';
import { ControllerError, CurlCommand, EXIT, FormatError, SessionOver, UsageError } from './errors';
import { GENERIC_VERBS, typedWords } from './generic';
import type { Io } from './io';
import { nearest } from './suggest';

interface Found {
  path: string[];
  command: Command;
  /** Words behind the command. */
  rest: readonly string[];
  /** The words as they were typed where `read`, `update` or `delete` with an id stands for the command. */
  generic?: readonly string[];
}

/** Runs one command line and answers the exit status. Never throws. */
export async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  if (io.env.COMP_LINE !== undefined) return complete(io);
  if (argv.length === 1 && (argv[0] === '-v' || argv[0] === '-version')) return dispatch(['version'], io);
  const words = typedWords(argv);
  if (words[0] === undefined || words[0].startsWith('-')) {
    await printRootHelp(io);
    return asksForHelp(words) ? EXIT.ok : EXIT.unknownCommand;
  }
  const found = await find(words);
  if (found === undefined) return unknownCommand(words[0], io);
  if (asksForHelp(found.rest)) {
    await printHelp(found, io);
    return EXIT.ok;
  }
  if (found.command.run === undefined) return unfinished(found, io);
  return run({ ...found, ...(words === argv ? {} : { generic: argv }) }, io);
}

/** A shell asks what may stand at the end of its line. */
async function complete(io: Io): Promise<number> {
  const { candidates, lineToComplete } = await import('../completion/complete');
  const words = await candidates(lineToComplete(io.env) ?? '');
  if (words.length > 0) showLine(io.stdout, words.join('\n'));
  return EXIT.ok;
}

async function find(words: readonly string[]): Promise<Found | undefined> {
  const load = Object.hasOwn(nounLoaders, words[0]!) ? nounLoaders[words[0]!] : undefined;
  if (load === undefined) return undefined;
  const path = [words[0]!];
  let command = await load();
  for (let at = 1; at < words.length; at++) {
    const next = words[at]!;
    const child =
      command.commands !== undefined && Object.hasOwn(command.commands, next) ? command.commands[next] : undefined;
    if (child === undefined) break;
    command = await child();
    path.push(next);
  }
  return { path, command, rest: words.slice(path.length) };
}

async function run({ path, command, rest, generic }: Found, io: Io): Promise<number> {
  const format = (formatOf(rest) ?? environment(io.env, 'CLI_FORMAT') ?? 'table').toLowerCase();
  const printer = new Printer(io, format === 'json' ? 'json' : 'table');
  try {
    const flags = (command.flags ?? []).flatMap((group) => group.flags);
    checkFormat(format, flags);
    if (command.alias === true && generic !== undefined) checkNoAlias(generic);
    const values = parseArgv(rest, flags, { env: io.env, alias: command.alias });
    const context: Context = { io, values, printer, path };
    return await command.run!(context);
  } catch (error) {
    return report(error, printer);
  }
}

/** `read ttcp_1234567890 db.example` names two targets. */
function checkNoAlias([, id, next]: readonly string[]): void {
  if (next === undefined || next.startsWith('-')) return;
  throw new UsageError(`The alias ${JSON.stringify(next)} stands beside the id ${id}; give one of them`);
}

function checkFormat(format: string, flags: readonly Flag[]): void {
  if (!flags.some((flag) => flag.name === 'format')) return;
  if (format !== 'table' && format !== 'json') throw new FormatError(`Invalid output format: ${format}`);
}

/** The one place where a failure becomes a message and an exit status. */
function report(error: unknown, printer: Printer): number {
  if (error instanceof CurlCommand) {
    printer.exact(error.message);
    return EXIT.ok;
  }
  if (error instanceof ControllerError) {
    printer.controllerError(error);
    return EXIT.refused;
  }
  printer.error(error instanceof Error ? error.message : String(error));
  if (error instanceof FormatError || error instanceof SessionOver) return EXIT.refused;
  return error instanceof UsageError ? EXIT.usage : EXIT.local;
}

async function printRootHelp(io: Io): Promise<void> {
  const { rootHelp } = await import('./help');
  showLine(io.stderr, await rootHelp());
}

async function printHelp({ path, command }: Found, io: Io): Promise<void> {
  const { commandHelp } = await import('./help');
  showLine(io.stderr, await commandHelp(path, command));
}

async function unknownCommand(word: string, io: Io): Promise<number> {
  await printRootHelp(io);
  showLine(io.stderr, `\n${unknown(word, Object.keys(nounLoaders))}`);
  return EXIT.unknownCommand;
}

async function unfinished(found: Found, io: Io): Promise<number> {
  if (found.rest.length === 0 && found.path.length === 1 && GENERIC_VERBS.includes(found.path[0]!)) return EXIT.ok;
  await printHelp(found, io);
  const [next] = found.rest;
  if (next !== undefined && !GENERIC_VERBS.includes(found.path[0]!))
    showLine(
      io.stderr,
      `\n${unknown([...found.path, next].join(' '), Object.keys(found.command.commands ?? {}), next)}`,
    );
  return EXIT.refused;
}

function unknown(words: string, candidates: readonly string[], word = words): string {
  if (word.startsWith('-')) return `A flag stands where a subcommand is expected: ${word}`;
  const near = nearest(word, candidates);
  return `There is no command "${words}".${near === undefined ? '' : ` Did you mean "${near}"?`}`;
}
