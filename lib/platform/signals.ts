/** Signals of the system that a process runs on. */
import { onWindows } from './system';

/**
 * Those that ask a process to end in order. Windows knows two of them, and Ctrl-Break in the place
 * of Ctrl-\.
 */
export const STOP_SIGNALS: readonly NodeJS.Signals[] = onWindows
  ? ['SIGINT', 'SIGHUP', 'SIGBREAK']
  : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** What a shell answers for a program that wrote to a pipe which nobody reads any more. */
export const BROKEN_PIPE_STATUS = 141;

/**
 * Ends this process as other programs end whose pipe nobody reads. Windows has no such signal:
 * there it goes on.
 */
export function endByBrokenPipe(): void {
  if (onWindows) return;
  // Node ignores the signal; the system's own way comes back when the last listener has gone.
  const listener = (): void => undefined;
  process.on('SIGPIPE', listener).off('SIGPIPE', listener);
  process.kill(process.pid, 'SIGPIPE');
}
