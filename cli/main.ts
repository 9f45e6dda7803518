/**
 * The command line. The launcher sets the exit status; nothing in here ends the process but a pipe
 * that nobody reads any more.
 */
import { BROKEN_PIPE_STATUS, endByBrokenPipe } from '../lib/platform/signals';
import { dispatch } from './program/dispatch';
import { processIo } from './io/io';

/** Runs the command that the words behind the program name spell, and answers the exit status. */
export async function main(argv: string[]): Promise<number> {
  const status = await dispatch(argv, processIo());
  if (status === BROKEN_PIPE_STATUS) endByBrokenPipe();
  return status;
}
