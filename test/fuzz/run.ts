/**
 * Fuzzes the decoders that face strangers; see README.md beside this file.
 *
 *   npm run fuzz                                   every target, 20 seconds each
 *   npm run fuzz -- --only frames --seconds 600    targets whose name holds "frames"
 *   npm run fuzz -- --seed 7 --save                other chances; new inputs join the corpus
 */
import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { writeInput } from './corpus';
import type { Failure, Report } from './engine';
import { TARGETS } from './targets';
import type { Task } from './worker';
import { choose, wholeNumber } from '../harness/selection';

const MAX_JOBS = 4;
/** An input that runs for so long is ended, ms. */
const HANG_MS = 10_000;
const START_MS = 60_000;
const SHARED_BYTES = 1 << 20;
/** Inputs that are longer do not join the corpus. */
const MAX_SAVED_BYTES = 2_048;

interface Choice {
  names: string[];
  seed: number;
  seconds: number;
  jobs: number;
  save: boolean;
}

function choice(args: string[]): Choice {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(Math.min(MAX_JOBS, availableParallelism())) },
      save: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'seconds' | 'seed' | 'jobs', least: number): number => wholeNumber(name, values[name], least);
  const labels = (name: string): string[] => [name];
  const names = [...choose(Object.keys(TARGETS).sort(), values.only, { what: 'target', labels })];
  return { names, seed: number('seed', 0), seconds: number('seconds', 0), jobs: number('jobs', 1), save: values.save };
}

/** The report of the target's thread, or why there is none. */
function fuzz(name: string, { seed, seconds }: Choice): Promise<Report | { failure: Failure | string }> {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const header = new Int32Array(shared, 0, 2);
  const current = (): Buffer => Buffer.from(new Uint8Array(shared, 8, Atomics.load(header, 1)));
  const task: Task = { name, seed, seconds, shared };
  const thread = new Worker(`${__dirname}/worker.ts`, { workerData: task, execArgv: ['-r', 'esbuild-register'] });
  return new Promise((resolve) => {
    let last = { runs: 0, at: Date.now() };
    const timer = setInterval(() => {
      const runs = Atomics.load(header, 0);
      if (runs !== last.runs) last = { runs, at: Date.now() };
      else if (Date.now() - last.at > (runs === 0 ? START_MS : HANG_MS)) {
        finish({ failure: { input: current(), text: `hang: no end after ${HANG_MS} ms` } });
      }
    }, 500);
    const finish = (result: Report | { failure: Failure | string }): void => {
      clearInterval(timer);
      void thread.terminate();
      resolve(result);
    };
    thread.on('message', finish);
    thread.on('error', (error) => finish({ failure: error.stack ?? String(error) }));
    thread.on('exit', (code) => finish({ failure: `the thread ended with code ${code}` }));
  });
}

function printFailure(name: string, failure: Failure | string): void {
  if (typeof failure === 'string') return console.log(`${name} FAILED to run: ${failure}`);
  const input = Buffer.from(failure.input);
  const path = relative(process.cwd(), writeInput(name, input, 'crash-'));
  console.log(`${name} FAILED: ${failure.text}`);
  console.log(`  input, ${input.length} bytes, in ${path}`);
  console.log(`  text   ${JSON.stringify(input.toString('latin1')).slice(0, 600)}`);
  if (input.length <= 512) console.log(`  hex    ${input.toString('hex')}`);
  console.log(`  base64 ${input.toString('base64').slice(0, 4_000)}`);
}

function printReport(name: string, report: Report): void {
  const { runs, corpus, taken, branches, fresh, longestMs, mostSteps } = report;
  console.log(
    `${name.padEnd(22)} ${String(runs).padStart(8)} runs  corpus ${String(corpus).padStart(4)}  ` +
      `branches ${taken}/${branches} (${fresh} new)  longest ${longestMs.toFixed(1)} ms, ${mostSteps} steps`,
  );
}

async function main(): Promise<number> {
  const chosen = choice(process.argv.slice(2));
  const waiting = [...chosen.names];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const report = await fuzz(name, chosen);
      if ('runs' in report) printReport(name, report);
      if (report.failure !== undefined) {
        failed.push(name);
        printFailure(name, report.failure);
      }
      if (!chosen.save || !('runs' in report)) continue;
      for (const bytes of report.worthKeeping) {
        if (bytes.length <= MAX_SAVED_BYTES) writeInput(name, Buffer.from(bytes));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(chosen.jobs, waiting.length) }, work));
  console.log(`seed ${chosen.seed}, ${chosen.seconds} s a target`);
  console.log(`${chosen.names.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.log('0 passed, 1 failed');
    process.exit(1);
  },
);
