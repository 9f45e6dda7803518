/** Limits how many connections a worker carries: of all sessions, and of one. */
import type { WorkerRefusal } from '../../../lib/contract/endings';
import { isLease, localCounters, type Counters, type Lease } from '../../../lib/limits/counters';
import { WORKER_LIMITS, type WorkerLimits } from '../limits';

/** Cause of a refusal. */
export const WORKER_FULL = 'worker full' satisfies WorkerRefusal;

const ALL = 'connections';
const OF_SESSION = 'connections of a session';

export class ConnectionPlaces {
  constructor(
    private readonly limits: WorkerLimits = WORKER_LIMITS.defaults(),
    private readonly counters: Counters = localCounters(),
  ) {}

  /**
   * A place for one more connection of the session, or a sentence about the limit that was reached.
   */
  take(sessionId: string): Lease | { text: string } {
    const { connections, connections_per_session } = this.limits;
    const taken = this.counters.take([
      { kind: OF_SESSION, holder: sessionId, max: connections_per_session },
      { kind: ALL, holder: '', max: connections },
    ]);
    if (isLease(taken)) return taken;
    if (taken.kind === ALL) {
      return {
        text: `The worker carries as many connections as it may (worker.limits.connections, ${connections}). Try again later.`,
      };
    }
    return {
      text:
        'The worker carries as many connections of the session as it may ' +
        `(worker.limits.connections_per_session, ${connections_per_session}). Close one and try again.`,
    };
  }
}
