/**
 * Standard output that takes nothing more. A reader that has gone ends a command as it ends other
 * programs: quietly, by SIGPIPE. Anything else, such as a full disk, is one line of complaint.
 * Either comes at the end of the command, which cleans up first; one that waits for something is
 * told by {@link onInterruption}.
 */
import { BROKEN_PIPE_STATUS } from '../../lib/platform/signals';
import { EXIT } from '../io/errors';
import type { Io, Output } from '../io/io';

export interface OutputWatch {
  /**
   * The status of the command, given the one that it has come to. `complain` shows what is wrong.
   */
  settle(status: number, complain: (text: string) => void): Promise<number>;
}

/** From here on a failure of either stream throws nothing. */
export function watchOutput({ stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>): OutputWatch {
  let failure: NodeJS.ErrnoException | undefined;
  const failed = (error: Error): void => void (failure ??= error);
  // There is no place to complain about the place for complaints.
  const ignored = (): void => undefined;
  stdout.on('error', failed);
  stderr.on('error', ignored);
  return {
    async settle(status, complain) {
      if (failure === undefined) await written(stdout);
      if (failure === undefined) return status;
      if (failure.code === 'EPIPE') return BROKEN_PIPE_STATUS;
      complain(`Standard output could not be written: ${reason(failure)}`);
      return status === EXIT.ok ? EXIT.local : status;
    },
  };
}

/**
 * Failures of what was written before have been told then. Nothing is written where nothing waits:
 * the descriptor may have been another's, who has closed it.
 */
const written = (stream: Output): Promise<void> =>
  new Promise((resolve) => {
    if ((stream.writableLength ?? 0) > 0) stream.write('', () => resolve());
    else setImmediate(resolve);
  });

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'the disk quota is exceeded',
  EFBIG: 'the file is too large',
  EIO: 'input/output error',
};

const reason = ({ code = '', message }: NodeJS.ErrnoException): string => REASONS[code] ?? message;
