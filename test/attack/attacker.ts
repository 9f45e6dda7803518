/**
 * The process of an attack: its load is not the runner's, which measures. Started by the runner,
 * and as that process.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { Random } from '../sim/random';
import type { Context, Orders, Tally } from './attack';
import { ATTACKS } from './attacks';

interface Report {
  tally: Tally;
  /** Whether the attack has taken all that it wants. */
  isThere: boolean;
}

/** For the last counts of an attack that is stopped. */
const LAST_WORDS_MS = 2_000;

export class AttackProcess {
  private tally: Tally = {};
  private ended = false;
  private reach: () => void = () => undefined;
  private readonly whole = new Promise<void>((resolve) => (this.reach = resolve));
  private readonly exited: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    void this.exited.then(() => (this.ended = true));
    child.on('message', ({ tally, isThere }: Report) => {
      this.tally = tally;
      if (isThere) this.reach();
    });
  }

  /** The attack has taken all that it wants. */
  get reached(): Promise<void> {
    return this.whole;
  }

  /** Loads the attacks and waits for orders. */
  static async start(): Promise<AttackProcess> {
    const child = fork(__filename, { execArgv: ['-r', 'esbuild-register'] });
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the process of the attack ended before it began')));
    });
    return new AttackProcess(child);
  }

  begin(orders: Orders): void {
    this.child.send(orders);
  }

  /** Ends the attack with all that it holds. */
  async stop(): Promise<Tally> {
    if (!this.ended) {
      if (this.child.connected) this.child.disconnect();
      const kill = setTimeout(() => this.child.kill('SIGKILL'), LAST_WORDS_MS);
      await this.exited;
      clearTimeout(kill);
    }
    return this.tally;
  }
}

/** How often the counts are told. */
const TELL_MS = 100;

function asAttacker(): void {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  // Attackers lose connections all the time; what nobody waits for any more must not end them.
  process.on('unhandledRejection', () => undefined);
  process.on('disconnect', () => {
    stop.abort();
    process.exit();
  });
  process.on('message', (orders: Orders) => {
    const report: Report = { tally: {}, isThere: false };
    const { tally } = report;
    const context: Context = {
      ...orders,
      signal: stop.signal,
      random: new Random(orders.seed),
      count: (name, by = 1) => void (tally[name] = Number(tally[name] ?? 0) + by),
      reached: () => void (report.isThere = true),
    };
    // The runner may be gone at any time.
    setInterval(() => process.connected && process.send!(report, () => undefined), TELL_MS);
    const attack = ATTACKS.find(({ name }) => name === orders.attack);
    attack?.run?.(context).catch((error: unknown) => {
      tally['error'] = String(error).slice(0, 200);
    });
  });
  process.send!({ tally: {}, isThere: false });
}

if (require.main === module) asAttacker();
