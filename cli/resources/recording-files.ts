/** Where a downloaded recording goes. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Context } from '../core/command';
import { EXIT, LocalError, UsageError } from '../io/errors';
import { passThrough } from '../io/terminal';

const EXTENSIONS: Readonly<Record<string, string>> = { 'application/x-asciicast': '.cast', 'video/webm': '.webm' };

/** Names that are tried before giving up. */
const MAX_NAMES = 1_000;

/** The type that `-mime-type` gives; throws a UsageError for one that recordings do not have. */
export function recordingType({ args, line }: Context<{ mt: string; 'mime-type': string }>): string {
  const type = args[line.has('mt') ? 'mt' : 'mime-type'];
  if (!Object.hasOwn(EXTENSIONS, type))
    throw new UsageError(`-mime-type is one of ${Object.keys(EXTENSIONS).join(', ')}, not ${JSON.stringify(type)}`);
  return type;
}

interface SavingArgs {
  output: string;
  o: string;
  'no-clobber': boolean;
  nc: boolean;
}

/** Writes a recording where `-output` says, else to a new file named after its id. */
export function saveRecording(
  { io, args, printer }: Context<SavingArgs>,
  id: string,
  type: string,
  content: Buffer,
): number {
  const given = args.output || args.o;
  if (given === '-') {
    passThrough(io.stdout, content);
    return EXIT.ok;
  }
  const path = given === '' ? freeName(`${id}${EXTENSIONS[type]}`) : given;
  const fresh = given === '' || args['no-clobber'] || args.nc;
  try {
    writeFileSync(path, content, { flag: fresh ? 'wx' : 'w' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (fresh && code !== 'EEXIST') rmSync(path, { force: true });
    throw new LocalError(`The recording could not be written to ${path}: ${code}`);
  }
  if (printer.format === 'json') printer.json({ status_code: 200, item: { path } });
  else printer.line(`The recording was written to ${path}.`);
  return EXIT.ok;
}

function freeName(name: string): string {
  if (!existsSync(name)) return name;
  for (let n = 1; n < MAX_NAMES; n++) if (!existsSync(`${name}.${n}`)) return `${name}.${n}`;
  throw new LocalError(`There are files ${name}.1 to ${name}.${MAX_NAMES - 1}; name another with -output`);
}
