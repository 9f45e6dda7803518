/**
 * Queues of requests to the controllers: requests of sessions wait by session, and lookups of
 * unknown sessions by the address of the client, because anybody can ask for any id.
 */
import type { Clock } from '../../../lib/clock/clock';
import { FairQueue } from '../../../lib/limits/fair-queue';
import { limit } from '../../../lib/limits/limit';
import { networkOf } from '../../../lib/limits/network';
import { ControllerUnreachable } from '../sessions/types';

const TEST = 'services/worker/control/request-queues.test.ts';
const limits = (
  what: string,
  by: string,
  [concurrent, concurrentPerCaller, waiting, waitingPerCaller]: [number, number, number, number],
) => {
  const refused = 'further ones are refused as `controller unreachable`';
  const facts = { unit: 'requests', test: `${TEST}: turns go round ${by}s, and one has its places` };
  const wait = `further ones wait; turns go round ${by}s`;
  return {
    concurrent: limit(what, concurrent, { ...facts, what: `${what} that a worker has under way`, reached: wait }),
    concurrentPerCaller: limit(`${what} of a ${by}`, concurrentPerCaller, {
      ...facts,
      what: `the same of one ${by}`,
      reached: wait,
    }),
    waiting: limit(`waiting ${what}`, waiting, { ...facts, what: `${what} that wait at a worker`, reached: refused }),
    waitingPerCaller: limit(`waiting ${what} of a ${by}`, waitingPerCaller, {
      ...facts,
      what: `the same of one ${by}`,
      reached: refused,
    }),
  };
};

const OF_SESSIONS = limits('requests for connections', 'session', [64, 8, 4_096, 512]);
const LOOKUPS = limits('lookups of sessions', 'client', [16, 4, 1_024, 64]);
/** Together with the waits for a stream and for an answer this is less than clients wait. */
const TURN_TIMEOUT_MS = limit('wait for a turn', 2_000, {
  what: 'time that a request of a worker waits for its turn',
  unit: 'ms',
  reached: 'it is refused as `controller unreachable`',
  test: `${TEST}: who does not get a turn in time is refused`,
});

export class RequestQueues {
  private readonly ofSessions = queueOf(OF_SESSIONS);
  private readonly lookups = queueOf(LOOKUPS);

  constructor(private readonly clock: Clock) {}

  /**
   * A request for a session. Rejects with {@link ControllerUnreachable} when it does not get its
   * turn.
   */
  ofSession<T>(sessionId: string, work: () => Promise<T>): Promise<T> {
    return this.inTurn(this.ofSessions, sessionId, work);
  }

  /**
   * A lookup for a client. Rejects with {@link ControllerUnreachable} when it does not get its
   * turn.
   */
  lookup<T>(clientAddress: string, work: () => Promise<T>): Promise<T> {
    return this.inTurn(this.lookups, networkOf(clientAddress), work);
  }

  private inTurn<T>(queue: FairQueue, caller: string, work: () => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const cancel = this.clock.after(TURN_TIMEOUT_MS, () => abort.abort());
    const begin = (): Promise<T> => {
      cancel();
      return work();
    };
    return queue.run(caller, begin, abort.signal).finally(cancel);
  }
}

const queueOf = (options: typeof OF_SESSIONS): FairQueue =>
  new FairQueue(options, {
    refused: (why) => new ControllerUnreachable(`too many requests: ${why}`, false),
    gone: () => new ControllerUnreachable('no turn in time', false),
  });
