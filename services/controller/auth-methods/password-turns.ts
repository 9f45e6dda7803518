/**
 * Queues for password hashing. One argon2id check takes 64 MiB and about a tenth of a second of
 * CPU, and anybody may ask for one. So few checks run at once, and addresses take turns. Every
 * other turn is kept for known callers: those who are logged in, and addresses that have logged in
 * to the account before.
 */
import { ApiError } from '../../../lib/errors/errors';
import { isLease, localCounters, type Counters } from '../../../lib/limits/counters';
import { FairQueue } from '../../../lib/limits/fair-queue';
import { networkOf } from '../../../lib/limits/network';
import { MAX_LOGINS_OF_ADDRESS, MAX_WAITING, MAX_WAITING_OF_ADDRESS } from './login-limits';

/** Whose turns are counted apart. */
export type Callers = 'known' | 'strangers';

export interface QueueOptions {
  /** Checks that run at once. */
  concurrent: number;
  /** How many checks of known callers may wait, and how many of strangers. */
  waiting?: number | undefined;
  waitingOfAddress?: number | undefined;
}

export class PasswordTurns {
  private readonly groups: Record<Callers, FairQueue>;
  private readonly turns: FairQueue;
  private readonly logins: Counters = localCounters();

  constructor({ concurrent, waiting = MAX_WAITING, waitingOfAddress = MAX_WAITING_OF_ADDRESS }: QueueOptions) {
    const errors = { refused: crowded, gone: givenUp };
    const group = (): FairQueue => new FairQueue({ concurrent, waiting, waitingPerCaller: waitingOfAddress }, errors);
    this.groups = { known: group(), strangers: group() };
    // Each group sends as many as may run, so there is always a place.
    this.turns = new FairQueue({ concurrent, waiting: 2 * concurrent, waitingPerCaller: concurrent }, errors);
  }

  /**
   * Does the work in the address's turn. Throws ResourceExhausted when there is no place for it.
   */
  run<T>(callers: Callers, address: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const inTurn = (): Promise<T> => this.turns.run(callers, work, signal);
    return this.groups[callers].run(networkOf(address), inTurn, signal);
  }

  /**
   * Takes a place for a whole login before anything is looked up: a refusal must cost less than the
   * login. Throws ResourceExhausted when the address has too many places. The returned function
   * gives the place back, once.
   */
  admit(address: string): () => void {
    const share = { kind: 'logins of an address', holder: networkOf(address), max: MAX_LOGINS_OF_ADDRESS };
    const taken = this.logins.take([share]);
    if (!isLease(taken)) throw crowded();
    return () => taken.release();
  }
}

const crowded = (): ApiError =>
  new ApiError('ResourceExhausted', 'Too many logins at once. Try again in a few seconds.');
export const givenUp = (): ApiError => new ApiError('DeadlineExceeded', 'The request was given up before its turn.');
