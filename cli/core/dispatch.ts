/**
 * Finds the command and the flags of a command line, runs it, and answers its exit status.
 * Everything that can go wrong ends here.
 */
import { Printer } from '../output/print';
import { showLine } from '../output/terminal';
import type { Context, Flag } from './command';
import { asksForHelp } from './command-line';
import { environment } from './environment';
import { ControllerError, CurlCommand, EXIT, FormatError, SessionOver, UnknownCommand, UsageError } from './errors';
import { GENERIC_VERBS, typedWords } from './generic';
import type { Io } from './io';
import { flagsOf, locate, parse, readLine, type Route } from './program';
import { unknownWords } from './suggest';

/** Runs one command line and answers the exit status. Never throws. */
export async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  if (io.env.COMP_LINE !== undefined) return complete(io);
  if (argv.length === 1 && (argv[0] === '-v' || argv[0] === '-version')) return dispatch(['version'], io);
  const route = await locate(typedWords(argv));
  if (isUnknown(route) || !asksForHelp(route.rest)) return run(route, io);
  await printHelp(route, io);
  return EXIT.ok;
}

/** The first word is that of no command. */
const isUnknown = ({ path, rest: [word] }: Route): boolean =>
  path.length === 0 && word !== undefined && !word.startsWith('-');

/** A shell asks for candidates for the end of its line. */
async function complete(io: Io): Promise<number> {
  const { candidates, lineToComplete } = await import('../completion/complete');
  const words = await candidates(lineToComplete(io.env) ?? '');
  if (words.length > 0) showLine(io.stdout, words.join('\n'));
  return EXIT.ok;
}

async function run(route: Route, io: Io): Promise<number> {
  const { path, command } = route;
  const line = readLine(route);
  const asked = line.given.findLast(({ name }) => name === 'format')?.text ?? environment(io.env, 'CLI_FORMAT');
  const format = (asked ?? 'table').toLowerCase();
  const printer = new Printer(io, format === 'json' ? 'json' : 'table');
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
