/**
 * Password hashes and the queue that keeps them from starving everything else: one argon2id check costs 64 MiB and
 * about a tenth of a second of CPU, and anybody may ask for one. So few run at once, few more wait, the rest is refused
 * at once; and after {@link FREE_FAILURES} wrong passwords in a row a login name has to wait. Success is never limited.
 */
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import type { Clock } from '../../../lib/clock/clock';
import { ApiError } from '../../../lib/errors/errors';

/** KiB of memory for one check. */
const MEMORY_KIB = 65_536;
const ITERATIONS = 3;
const SALT_BYTES = 32;
const KEY_BYTES = 32;
/** Longer input is refused before hashing. */
export const MAX_PASSWORD_BYTES = 1_024;

/** Hashes with argon2id under a new random salt; the text (PHC form) carries salt and parameters. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, {
    memoryCost: MEMORY_KIB,
    timeCost: ITERATIONS,
    parallelism: 1,
    outputLen: KEY_BYTES,
    salt: randomBytes(SALT_BYTES),
  });
}

/** Wrong passwords in a row that cost nothing but the check. */
export const FREE_FAILURES = 10;
/** First wait after them; doubles with each further failure. */
const FIRST_BACK_OFF_MS = 1_000;
const LONGEST_BACK_OFF_MS = 60_000;
/** Login names whose failures are remembered; the longest untouched is forgotten first. About 200 bytes each. */
const MAX_REMEMBERED = 10_000;
/** Checks that may wait for their turn. */
const DEFAULT_MAX_QUEUED = 100;

export interface PasswordQueueOptions {
  /** Checks that run at once. */
  concurrent: number;
  /** Checks that may wait; more are refused. Default 100. */
  queued?: number;
  clock: Clock;
}

interface Failures {
  inARow: number;
  /** No check before this time, ms since the epoch. */
  notBefore: number;
}

interface Waiting {
  start(): void;
}

export class PasswordQueue {
  private readonly options: Required<PasswordQueueOptions>;
  private readonly waiting: Waiting[] = [];
  /** Iteration order is the order of last failure. */
  private readonly failures = new Map<string, Failures>();
  private running = 0;
  private admitted = 0;
  /** Stands in for accounts that do not exist or have no password, so that they take as long. */
  private decoy: Promise<string> | undefined;

  constructor(options: PasswordQueueOptions) {
    this.options = { queued: DEFAULT_MAX_QUEUED, ...options };
  }

  /**
   * Whether `password` belongs to `stored`, a text of {@link hashPassword}; without one the answer is false after the
   * same time. Failures are counted under `key`. Throws ResourceExhausted when the queue is full or the key has to
   * wait; a caller that goes away gives its place back.
   */
  async check(key: string, stored: string | undefined, password: string, signal?: AbortSignal): Promise<boolean> {
    this.refuseEarly(key);
    const decoy = (this.decoy ??= hashPassword(randomBytes(KEY_BYTES).toString('hex')));
    const right = await this.run(signal, async () => {
      // Once more: others of the same key may have failed while this one waited.
      this.refuseEarly(key);
      const matches = await verify(stored ?? (await decoy), password);
      return matches && stored !== undefined;
    });
    if (right) this.failures.delete(key);
    else this.noteFailure(key);
    return right;
  }

  /**
   * Takes a place for a whole login before anything is looked up, so that refusing costs less than what it protects.
   * Throws ResourceExhausted when all places are taken; the returned function gives the place back, once.
   */
  admit(): () => void {
    if (this.admitted >= this.options.concurrent + this.options.queued) throw queueFull();
    this.admitted++;
    let mine = true;
    return () => {
      if (mine) this.admitted--;
      mine = false;
    };
  }

  /** {@link hashPassword} in its turn. */
  hash(password: string, signal?: AbortSignal): Promise<string> {
    return this.run(signal, () => hashPassword(password));
  }

  private refuseEarly(key: string): void {
    const waitMs = (this.failures.get(key)?.notBefore ?? 0) - this.options.clock.now().getTime();
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000);
      throw new ApiError('ResourceExhausted', `Too many failed attempts in a row. Try again in ${seconds} s.`);
    }
  }

  private noteFailure(key: string): void {
    const inARow = (this.failures.get(key)?.inARow ?? 0) + 1;
    const backOff = inARow < FREE_FAILURES ? 0 : FIRST_BACK_OFF_MS * 2 ** Math.min(inARow - FREE_FAILURES, 16);
    const notBefore = this.options.clock.now().getTime() + Math.min(backOff, LONGEST_BACK_OFF_MS);
    this.failures.delete(key);
    this.failures.set(key, { inARow, notBefore });
    if (this.failures.size > MAX_REMEMBERED) {
      for (const oldest of this.failures.keys()) {
        this.failures.delete(oldest);
        break;
      }
    }
  }

  private async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    await this.turn(signal);
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next.start();
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) throw givenUp();
    if (this.running < this.options.concurrent) {
      this.running++;
      return Promise.resolve();
    }
    if (this.waiting.length >= this.options.queued) {
      throw queueFull();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(givenUp());
      };
      const entry: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.waiting.push(entry);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

const queueFull = (): ApiError =>
  new ApiError('ResourceExhausted', 'Too many logins at once. Try again in a few seconds.');
const givenUp = (): ApiError => new ApiError('DeadlineExceeded', 'The request was given up before its turn.');
