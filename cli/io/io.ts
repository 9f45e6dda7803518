/**
 * The outside world of one command: streams and environment, so that tests can run commands in
 * process.
 */
import { isatty, WriteStream } from 'node:tty';
import { MARGIN } from './wrap';

export interface Input extends NodeJS.ReadableStream {
  isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

export interface Output extends NodeJS.WritableStream {
  isTTY?: boolean;
  columns?: number;
  /** Bytes that wait to be taken. */
  readonly writableLength?: number;
}

export interface Io {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
  /** Columns that tables may use. */
  width: number;
}

/** Columns of a terminal that is not there. */
const DEFAULT_COLUMNS = 80;

/** Streams and environment of this process. Standard input is opened when something reads it. */
export function processIo(): Io {
  const { stdout, stderr, env } = process;
  return {
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
    env,
    width: width(),
  };
}

// Scripts compare tables, so their layout must not depend on where the output goes: only an
// interactive standard input makes tables wider or narrower.
function width(): number {
  const { stdout, stderr } = process;
  const columns = isatty(0) ? stdout.columns || stderr.columns || new WriteStream(0).columns : DEFAULT_COLUMNS;
  return (columns || DEFAULT_COLUMNS) - MARGIN;
}
