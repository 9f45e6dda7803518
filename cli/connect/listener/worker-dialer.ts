/**
 * The workers of a session and the order in which they are dialed. A worker that failed comes last
 * for a while. It is not left out, because it may be the only one.
 */
import { systemClock, type Clock } from '../../../lib/clock/clock';
import type { SessionAuthorizationData } from '../../../lib/transport/authorization-token';
import { DialRace, type Dialed, type DialErrors } from './dial-race';
import { describeDialError, dialWorker, identityOf, isAccessDenied, type SessionIdentity } from './worker-dial';

/** How long a worker that failed is dialed after the others. */
const FAILED_FOR_MS = 30_000;
const NONE: ReadonlySet<string> = new Set();

/** No worker of the session could be reached; the message has one line for each. */
export class NoWorkerReachable extends Error {
  override name = 'NoWorkerReachable';

  constructor(
    /** By worker, why not. */
    readonly problems: ReadonlyMap<string, string>,
    /** Every worker was reachable and did not know the session: it has ended. */
    readonly sessionIsUnknown = false,
  ) {
    super(problems.size === 0 ? 'given up' : problemLines(problems));
  }
}

/** One line for each worker. */
export const problemLines = (problems: ReadonlyMap<string, string>): string =>
  [...problems].map(([worker, problem]) => `worker ${worker}: ${problem}`).join('\n');

export class WorkerDialer {
  private readonly workers: readonly string[];
  private readonly identity: SessionIdentity;
  /** The worker that answered last; dialed first. */
  private preferred: string | undefined;
  /** Until when workers that failed come last; by the clock, ms. */
  private readonly failedUntil = new Map<string, number>();

  constructor(
    data: SessionAuthorizationData,
    private readonly clock: Clock = systemClock,
  ) {
    this.workers = [...new Set(data.worker_info.map(({ address }) => address).filter((address) => address !== ''))];
    this.identity = identityOf(data);
  }

  /**
   * A transport to a worker that is not in `except`. Rejects with {@link NoWorkerReachable}, also
   * when `signal` aborts.
   */
  async dial(signal: AbortSignal, except: ReadonlySet<string> = NONE): Promise<Dialed> {
    const workers = this.inOrder().filter((worker) => !except.has(worker));
    if (workers.length === 0) throw new NoWorkerReachable(new Map());
    const { clock, identity } = this;
    const dial = (worker: string, over: AbortSignal) => dialWorker(worker, identity, clock, over);
    const result = await new DialRace({ workers, dial, clock, signal }).run();
    if (!('socket' in result)) throw unreachable(result);
    // Workers that failed, or were still silent although they had the head start.
    for (const worker of workers.slice(0, workers.indexOf(result.worker))) this.failed(worker);
    this.failedUntil.delete(result.worker);
    this.preferred = result.worker;
    return result;
  }

  /** Whether there is a worker that is not in `except`. */
  hasOther(except: ReadonlySet<string>): boolean {
    return this.workers.some((worker) => !except.has(worker));
  }

  /** The worker does not serve; others come first for a while. */
  failed(worker: string): void {
    this.failedUntil.set(worker, this.clock.now().getTime() + FAILED_FOR_MS);
  }

  private inOrder(): string[] {
    const now = this.clock.now().getTime();
    const first = Math.max(0, this.workers.indexOf(this.preferred ?? ''));
    const rotated = [...this.workers.slice(first), ...this.workers.slice(0, first)];
    const hasFailed = (worker: string): boolean => (this.failedUntil.get(worker) ?? 0) > now;
    return [...rotated.filter((worker) => !hasFailed(worker)), ...rotated.filter(hasFailed)];
  }
}

function unreachable(errors: DialErrors): NoWorkerReachable {
  const problems = new Map([...errors].map(([worker, error]) => [worker, describeDialError(error)]));
  return new NoWorkerReachable(problems, [...errors.values()].every(isAccessDenied));
}
