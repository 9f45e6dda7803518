/** The command line. The launcher sets the exit status; nothing in here ends the process. */
import { dispatch } from './core/dispatch';
import { processIo } from './core/io';

/** Runs the command that the words behind the program name spell, and answers the exit status. */
export const main = (argv: string[]): Promise<number> => dispatch(argv, processIo());
