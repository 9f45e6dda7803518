/** The process of an attack: its load is not the runner's, which measures. Started by the runner, and as that process. */
import { fork, type ChildProcess } from 'node:child_process';
import { Random } from '../sim/random';
import type { Orders, Tally } from './attack';
import { ATTACKS } from './attacks';

/** For the last counts of an attack that is stopped. */
const LAST_WORDS_MS = 2_000;

export class AttackProcess {
  private tally: Tally = {};
  private ended = false;
  readonly exited: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    void this.exited.then(() => (this.ended = true));
    child.on('message', (tally) => (this.tally = tally as Tally));
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
  // Attackers lose connections all the time; what nobody waits for any more must not end them.
  process.on('unhandledRejection', () => undefined);
  process.on('disconnect', () => {
    stop.abort();
    process.exit();
  });
  process.on('message', (orders: Orders) => {
    const tally: Tally = {};
    const count = (name: string, by = 1): void => void (tally[name] = Number(tally[name] ?? 0) + by);
    const context = { ...orders, signal: stop.signal, random: new Random(orders.seed), count };
    setInterval(() => process.connected && process.send!(tally), TELL_MS);
    const attack = ATTACKS.find(({ name }) => name === orders.attack);
    attack?.run?.(context).catch((error: unknown) => {
      tally['error'] = String(error).slice(0, 200);
    });
  });
  process.send!({});
}

if (require.main === module) asAttacker();
