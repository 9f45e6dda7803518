/**
 * Programs under measurement: each a process of its own that says which port it serves and how much
 * CPU it has used.
 */
import { fork, type ChildProcess } from 'node:child_process';

export interface Program<Ready> {
  ready: Ready;
  pid: number;
  /** Seconds of user and system time so far. */
  cpuSeconds(): Promise<number>;
  stop(): void;
}

/**
 * Forks `file`, hands it `order`, and waits until it serves. `BENCH_PROF=DIR` writes CPU profiles.
 */
export async function startProgram<Ready>(
  file: string,
  order: object,
  execArgv: string[] = [],
): Promise<Program<Ready>> {
  const profile = process.env.BENCH_PROF ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROF}`] : [];
  const child = fork(file, ['serve'], { execArgv: [...process.execArgv, ...profile, ...execArgv] });
  const ready = new Promise<Ready>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Ready));
    child.once('exit', () => reject(new Error(`${file} ended before it served`)));
  });
  child.send(order);
  return {
    ready: await ready,
    pid: child.pid!,
    cpuSeconds: () => ask(child),
    stop: () => child.connected && child.disconnect(),
  };
}

function ask(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (seconds) => resolve(seconds as number));
    child.send('cpu', (error) => error && reject(error));
  });
}

/**
 * The program's side: `start` is called with the order, and what it resolves with is the answer.
 */
export function serve<Order, Ready extends object>(start: (order: Order) => Promise<Ready>): void {
  process.once('message', (order) => {
    void start(order as Order).then((ready) => {
      process.on('message', () => {
        const { user, system } = process.cpuUsage();
        process.send!((user + system) / 1e6);
      });
      process.send!(ready);
    });
  });
  process.on('disconnect', () => process.exit());
}
