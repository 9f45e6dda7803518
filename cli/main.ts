/** The command line. The launcher sets the exit status; nothing in here ends the process. */
import { dispatch } from './program/dispatch';
import { processIo } from './io/io';

/** Runs the command that the words behind the program name spell, and answers the exit status. */
export const main = (argv: string[]): Promise<number> => dispatch(argv, processIo());
