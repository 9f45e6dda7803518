/**
 * First signal that asks for the end: graceful stop. Second: stop at once. A part that ends by
 * itself is a graceful stop with an error. SIGHUP is a signal to stop like the others, unless there
 * is something to reload. SIGUSR2 has the next process take over.
 */
import type { EventEmitter } from 'node:events';
import { STOP_SIGNALS } from '../../lib/platform/signals';
import type { Streams } from './streams';

export interface Running {
  /** Settles with a message when a part ended that should not have. */
  failed: Promise<string>;
  /** Settles when there is nobody any more to run for: the same as a signal. Never, when absent. */
  left?: Promise<void> | undefined;
  /**
   * Called once signals are heard. Answers what the person is told. Who reads it, or a file that
   * this writes, may send a signal at once.
   */
  started(): string;
  /** Told to the person at the first signal. */
  stopping: string;
  close(): Promise<void>;
  /** Kills what close() would wait for; synchronous, the process ends right after. */
  force(): void;
  /** What SIGHUP does until the stop; never throws. */
  reload?: (() => void) | undefined;
  /** What SIGUSR2 does until the stop; never throws. */
  handOver?: (() => void) | undefined;
  /** The process's own signals when absent. */
  signals?: EventEmitter | undefined;
}

/** One that another process passes on may have a name that this system does not know. */
const SIGNALS: ReadonlySet<string> = new Set([...STOP_SIGNALS, 'SIGTERM', 'SIGUSR2']);

/** Resolves with the exit code when everything is closed. */
export async function runUntilStopped(running: Running, streams: Streams): Promise<number> {
  const signals = listen(running.signals ?? process, { SIGHUP: running.reload, SIGUSR2: running.handOver });
  const left = running.left?.then(() => 'signal' as const);
  const ends = [signals.next(), running.failed.then((text) => ({ text })), ...(left === undefined ? [] : [left])];
  try {
    streams.stdout.write(running.started());
  } catch (error) {
    signals.end();
    await running.close();
    throw error;
  }
  const first = await Promise.race(ends);
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

function listen(source: EventEmitter, effects: Partial<Record<string, (() => void) | undefined>>) {
  let waiting: (() => void) | undefined;
  const heard = (name: string): void => {
    const effect = effects[name];
    if (effect !== undefined) effect();
    else waiting?.();
  };
  for (const name of SIGNALS) source.on(name, heard);
  return {
    next: () => new Promise<'signal'>((resolve) => (waiting = () => resolve('signal'))),
    end() {
      for (const name of SIGNALS) source.off(name, heard);
    },
  };
}
