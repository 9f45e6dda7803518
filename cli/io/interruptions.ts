/**
 * What interrupts a command that waits: signals that ask it to end, and standard output that takes
 * nothing more.
 */
import { STOP_SIGNALS } from '../../lib/platform/signals';
import type { Output } from './io';

export type Interruption = NodeJS.Signals | 'output';

/**
 * Calls back for each; the returned function restores what was before. A second signal while the
 * first is being worked on ends the process at once.
 */
export function onInterruption(stdout: Output, handle: (what: Interruption) => 'handled' | 'ignored'): () => void {
  let handled = false;
  const listeners = STOP_SIGNALS.map((signal) => {
    const listener = (): void => {
      if (handled) {
        restore();
        process.kill(process.pid, signal);
        return;
      }
      handled = handle(signal) === 'handled';
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  const broken = (): void => void (handled = handle('output') === 'handled' || handled);
  stdout.on('error', broken);
  const restore = (): void => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
    stdout.off('error', broken);
  };
  return restore;
}
