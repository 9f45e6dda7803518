import { EventEmitter } from 'node:events';
import { runUntilStopped } from './signals';
import type { Output } from './streams';

/**
 * Runs until stopped. Whoever reads that it started sends `names` at once. Answers what was done,
 * in order.
 */
async function answeredWith(...names: string[]): Promise<string[]> {
  const done: string[] = [];
  const signals = new EventEmitter();
  const reader: Output = {
    write: (text) => {
      if (text === 'started\n') for (const name of names) signals.emit(name, name);
    },
  };
  const running = {
    failed: new Promise<string>(() => undefined),
    started: () => 'started\n',
    stopping: 'stopping',
    close: () => Promise.resolve(void done.push('close')),
    force: () => undefined,
    reload: () => done.push('reload'),
    handOver: () => done.push('hand over'),
    signals,
  };
  done.push(`exit ${await runUntilStopped(running, { stdout: reader, stderr: { write: () => undefined } })}`);
  return done;
}

test('who has read that the server started may send any signal at once', async () => {
  expect(await answeredWith('SIGHUP', 'SIGUSR2', 'SIGTERM')).toEqual(['reload', 'hand over', 'close', 'exit 0']);
  expect(await answeredWith('SIGINT')).toEqual(['close', 'exit 0']);
});
