/**
 * Checks of passwords, at a pace that guessing cannot raise and that does not lock out the owner.
 *
 * - An address that has not logged in to the account before has to wait after {@link FREE_FAILURES}
 *   wrong passwords in a row, and may fail a number of times for all names together. Others are not
 *   concerned by its failures.
 * - When such addresses together have failed often at one name, their attempts go one at a time,
 *   the addresses in turn, at a pace of one in {@link NAME_EVERY_MS}. An owner at a new address
 *   takes part in the turns.
 * - From an address that has logged in to the account before, no attempt is refused for failures;
 *   after many wrong passwords in a row from that very address its attempts go one at a time, with
 *   pauses.
 */
import { createHash, randomBytes } from 'node:crypto';
import { verify } from '@node-rs/argon2';
import type { Clock } from '../../../lib/clock/clock';
import { ApiError } from '../../../lib/errors/errors';
import { networkOf } from '../../../lib/limits/network';
import { BackOff, Budget } from './failures';
import { Lanes } from './lanes';
import * as limits from './login-limits';
import { givenUp, PasswordTurns, type QueueOptions } from './password-turns';
import { hashPassword, KEY_BYTES } from './password-hash';

export interface Attempt {
  /** The login that is guessed at, whether or not it exists. */
  name: string;
  /** Numeric address of the caller. */
  address: string;
  /** Whether the address has logged in to the account before. */
  isFamiliar: boolean;
  /** Whether the caller is logged in, and so takes turns with the known callers. */
  isLoggedIn?: boolean;
  /** The result of {@link hashPassword}. Without one the answer is false, after the same time. */
  stored: string | undefined;
  password: string;
}

/** How the attempts of a caller at a name are paced. */
interface Pace {
  /** Attempts of the same lane go one at a time while it is slow. */
  lane: string;
  /** Throws when the attempt is refused for earlier failures. */
  refuse(): void;
  isSlow(): boolean;
  /** Until the next attempt of the lane, ms. */
  pauseMs(): number;
  succeed(): void;
  fail(): void;
}

interface PasswordQueueOptions extends QueueOptions {
  clock: Clock;
  /** Keys of failures that are remembered, of each kind. */
  remembered?: number;
}

export class PasswordQueue {
  /**
   * Failures by name and address: those of strangers, and those of addresses that have succeeded.
   */
  private readonly pairs: BackOff;
  private readonly familiar: BackOff;
  /** Failures of strangers, by address and by name. */
  private readonly addresses: Budget;
  private readonly names: Budget;
  private readonly lanes: Lanes;
  private readonly turns: PasswordTurns;
  /** Stands in for accounts that do not exist or have no password, so that they take as long. */
  private decoy: Promise<string> | undefined;

  constructor({ clock, remembered = limits.MAX_REMEMBERED, ...queue }: PasswordQueueOptions) {
    const { FREE_FAILURES: free, MAX_WAITING_IN_LANE: waiting, NAME_EVERY_MS } = limits;
    const backOff = (longestMs: number) => new BackOff({ free, firstMs: 1_000, longestMs, remembered }, clock);
    this.pairs = backOff(limits.LONGEST_BACK_OFF_MS);
    this.familiar = backOff(limits.LONGEST_PACE_MS);
    const budget = (burst: number, everyMs: number) => new Budget({ burst, everyMs, remembered }, clock);
    this.addresses = budget(limits.ADDRESS_BURST, limits.ADDRESS_EVERY_MS);
    this.names = budget(limits.NAME_BURST, NAME_EVERY_MS);
    const refused = (): ApiError => tooManyFailures(waiting * NAME_EVERY_MS);
    this.lanes = new Lanes({ waiting, waitingPerCaller: waiting }, clock, { refused, gone: givenUp });
    this.turns = new PasswordTurns(queue);
  }

  /** {@link PasswordTurns.admit} */
  admit(address: string): () => void {
    return this.turns.admit(address);
  }

  /** {@link hashPassword} in the turn of a caller who is logged in. */
  hash(password: string, address: string, signal?: AbortSignal): Promise<string> {
    return this.turns.run('known', address, () => hashPassword(password), signal);
  }

  /**
   * Whether the password is right. Throws ResourceExhausted when the caller has to wait; a caller
   * that goes away gives its place back.
   */
  async check(attempt: Attempt, signal?: AbortSignal): Promise<boolean> {
    const caller = networkOf(attempt.address);
    // Names come from callers and may be long.
    const name = createHash('sha256').update(attempt.name).digest('base64');
    const pair = `${name} ${caller}`;
    const pace = attempt.isFamiliar ? this.paceOfFamiliar(pair) : this.paceOfStranger(name, caller, pair);
    pace.refuse();
    const answer = pace.isSlow() ? 'slow' : await this.test(attempt, pace, signal);
    if (answer !== 'slow') return answer;
    const { lane: key, pauseMs } = pace;
    const inLane = { ...pace, isSlow: () => false };
    return (await this.lanes.run({ key, caller, pauseMs, signal }, () => this.test(attempt, inLane, signal))) === true;
  }

  private paceOfFamiliar(pair: string): Pace {
    return {
      lane: pair,
      refuse: () => undefined,
      isSlow: () => this.familiar.isSlow(pair),
      pauseMs: () => this.familiar.waitMs(pair),
      succeed: () => this.familiar.succeed(pair),
      fail: () => this.familiar.fail(pair),
    };
  }

  private paceOfStranger(name: string, caller: string, pair: string): Pace {
    return {
      lane: name,
      refuse: () => {
        const waitMs = Math.max(this.pairs.waitMs(pair), this.addresses.waitMs(caller));
        if (waitMs > 0) throw tooManyFailures(waitMs);
      },
      isSlow: () => this.names.waitMs(name) > 0,
      pauseMs: () => this.names.waitMs(name),
      succeed: () => this.pairs.succeed(pair),
      fail: () => {
        this.pairs.fail(pair);
        this.addresses.spend(caller);
        this.names.spend(name);
      },
    };
  }

  /**
   * Answers `slow` when the attempt must go to its lane, which may become known only in its turn.
   */
  private test(attempt: Attempt, pace: Pace, signal: AbortSignal | undefined): Promise<boolean | 'slow'> {
    const { address, stored, password, isFamiliar, isLoggedIn = false } = attempt;
    const decoy = (this.decoy ??= hashPassword(randomBytes(KEY_BYTES).toString('hex')));
    const inTurn = async (): Promise<boolean | 'slow'> => {
      // Checked once more, because others may have failed while this one waited.
      pace.refuse();
      if (pace.isSlow()) return 'slow';
      const matches = await verify(stored ?? (await decoy), password);
      const right = matches && stored !== undefined;
      if (right) pace.succeed();
      else pace.fail();
      return right;
    };
    return this.turns.run(isFamiliar || isLoggedIn ? 'known' : 'strangers', address, inTurn, signal);
  }
}

const tooManyFailures = (waitMs: number): ApiError =>
  new ApiError('ResourceExhausted', `Too many failed attempts in a row. Try again in ${Math.ceil(waitMs / 1_000)} s.`);
