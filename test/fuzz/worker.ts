/**
 * The thread of one target: it alone can hang. The main thread sees in shared memory which input
 * runs.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './corpus';
import { Fuzzer } from './engine';
import { instrument } from './instrument';
import { TARGETS } from './targets';
import type { Target } from './target';

/** What the main thread gives. */
export interface Task {
  name: string;
  seed: number;
  seconds: number;
  /** Eight bytes, the number of runs and the length of the input; then the input. */
  shared: SharedArrayBuffer;
}

// Declared errors are thrown for most inputs; their stacks cost more than the rest.
Error.stackTraceLimit = 8;

async function main({ name, seed, seconds, shared }: Task): Promise<void> {
  const instruments = instrument(join(__dirname, '../..'), TARGETS[name]!);
  const { target } = createRequire(__filename)(`./targets/${name}.ts`) as { target: Target };
  const opened = await target.open();
  const header = new Int32Array(shared, 0, 2);
  const room = new Uint8Array(shared, 8);
  const watch = (input: Buffer): void => {
    room.set(input.subarray(0, room.length));
    Atomics.store(header, 1, Math.min(input.length, room.length));
    Atomics.add(header, 0, 1);
  };
  const fuzzer = new Fuzzer(target, opened, instruments, { seed, seconds, corpus: readCorpus(name), watch });
  const report = await fuzzer.run();
  await opened.close?.();
  parentPort!.postMessage(report);
}

main(workerData as Task).then(
  () => process.exit(0),
  (error: unknown) => {
    throw error;
  },
);
