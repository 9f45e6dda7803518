/** The signals that end `connect`. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type Signal = (typeof SIGNALS)[number];

/**
 * Calls back for each signal. The returned function restores the previous state. A second signal
 * ends the process at once while the first one is handled.
 */
export function onSignals(handle: (signal: Signal) => 'handled' | 'ignored'): () => void {
  let handled = false;
  const listeners = SIGNALS.map((signal) => {
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
  const restore = (): void => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
  return restore;
}
