/** First signal: graceful stop. Second: stop at once. A part that ends by itself is a graceful stop with an error. */
import type { EventEmitter } from 'node:events';
import type { Streams } from './streams';

export interface Running {
  /** Settles with a message when a part ended that should not have. */
  failed: Promise<string>;
  /** Told to the person at the first signal. */
  stopping: string;
  close(): Promise<void>;
  /** Kills what close() would wait for; synchronous, the process ends right after. */
  force(): void;
  /** For tests; the process's own signals when absent. */
  signals?: EventEmitter;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with the exit code when everything is closed. */
export async function runUntilStopped(running: Running, streams: Streams): Promise<number> {
  const signals = listen(running.signals ?? process);
  const first = await Promise.race([signals.next(), running.failed.then((text) => ({ text }))]);
  if (first === 'signal') streams.stdout.write(`\n==> ${running.stopping}\n`);
  else streams.stderr.write(`\nError: ${first.text}\n`);
  const closed = running.close().then(
    () => 'closed' as const,
    (error: unknown) => {
      streams.stderr.write(`\nError: ${(error as Error).message}\n`);
      return 'failed' as const;
    },
  );
  const outcome = await Promise.race([closed, signals.next()]);
  signals.end();
  if (outcome === 'signal') {
    streams.stderr.write('\n==> Stopping at once\n');
    running.force();
    // What close() still waits for would keep the process alive.
    process.exit(1);
  }
  return first === 'signal' && outcome === 'closed' ? 0 : 1;
}

function listen(source: EventEmitter): { next(): Promise<'signal'>; end(): void } {
  let waiting: (() => void) | undefined;
  const heard = (): void => waiting?.();
  for (const name of SIGNALS) source.on(name, heard);
  return {
    next: () => new Promise((resolve) => (waiting = () => resolve('signal'))),
    end() {
      for (const name of SIGNALS) source.off(name, heard);
    },
  };
}
