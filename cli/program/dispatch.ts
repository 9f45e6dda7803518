/**
 * Finds the command and the flags of a command line, runs it, and answers its exit status.
 * Everything that can go wrong ends here.
 */
import { Printer } from '../output/print';
import { showLine } from '../io/terminal';
import { watchOutput } from '../io/standard-output';
import type { Context, Flag } from '../core/command';
import { asksForHelp, type CommandLine } from './command-line';
import { environment } from '../io/environment';
import { ControllerError, CurlCommand, EXIT, FormatError, SessionOver, UnknownCommand, UsageError } from '../io/errors';
import { GENERIC_VERBS, typedWords } from './generic';
import type { Io } from '../io/io';
import { flagsOf, locate, parse, readLine, type Route } from './program';
import { unknownWords } from './suggest';

/**
 * Runs one command line and answers the exit status, when all of its output has been taken. Never
 * throws.
 */
export async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const watch = watchOutput(io);
  const isVersion = argv.length === 1 && (argv[0] === '-v' || argv[0] === '-version');
  const route = await locate(isVersion ? ['version'] : typedWords(argv));
  const line = readLine(route);
  const call: Call = { route, line, io, ...printerOf(line, io) };
  const status = io.env.COMP_LINE === undefined ? await answer(call) : await complete(io);
  call.printer.end();
  return watch.settle(status, (text) => call.printer.error(text));
}

interface Call {
  route: Route;
  line: CommandLine;
  io: Io;
  /** As it was asked for. */
  format: string;
  printer: Printer;
}

function printerOf(line: CommandLine, io: Io): Pick<Call, 'format' | 'printer'> {
  const asked = line.given.findLast(({ name }) => name === 'format')?.text ?? environment(io.env, 'CLI_FORMAT');
  const format = (asked ?? 'table').toLowerCase();
  return { format, printer: new Printer(io, format === 'json' ? 'json' : 'table') };
}

async function answer(call: Call): Promise<number> {
  const { route, io } = call;
  if (isUnknown(route) || !asksForHelp(route.rest)) return run(call);
  await printHelp(route, io);
  return EXIT.ok;
}

/** The first word is that of no command. */
const isUnknown = ({ path, rest: [word] }: Route): boolean =>
  path.length === 0 && word !== undefined && !word.startsWith('-');

/** A shell asks for candidates for the end of its line. */
async function complete(io: Io): Promise<number> {
  const { candidates, lineToComplete } = await import('./complete');
  const words = await candidates(lineToComplete(io.env) ?? '');
  if (words.length > 0) showLine(io.stdout, words.join('\n'));
  return EXIT.ok;
}

async function run({ route, line, io, format, printer }: Call): Promise<number> {
  const { path, command } = route;
  try {
    checkFormat(format, flagsOf(command));
    const context: Context = { io, printer, path, ...parse(route, line, io.env) };
    return await command.run!(context);
  } catch (error) {
    return error instanceof UnknownCommand ? unknownCommand(route, io) : report(error, printer);
  }
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

async function printHelp({ path, command }: Route, io: Io): Promise<void> {
  const { commandHelp, rootHelp } = await import('./help');
  showLine(io.stderr, path.length === 0 ? await rootHelp() : await commandHelp(path, command));
}

async function unknownCommand(route: Route, io: Io): Promise<number> {
  const { path, command, rest } = route;
  const isGeneric = GENERIC_VERBS.includes(path[0] ?? '');
  if (isGeneric && rest.length === 0) return EXIT.ok;
  await printHelp(route, io);
  const [next] = rest;
  if (next !== undefined && !isGeneric && (path.length > 0 || isUnknown(route)))
    showLine(io.stderr, `\n${unknownWords([...path, next].join(' '), Object.keys(command.commands ?? {}), next)}`);
  return path.length === 0 ? EXIT.unknownCommand : EXIT.refused;
}
