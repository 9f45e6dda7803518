/**
 * Limits on pending and live sessions. The sessions of a user are counted each time, so their limit
 * is exact. The sessions of a target or a worker are counted again only after a part of the free
 * places has been given out. A target with many sessions therefore costs little more than one with
 * few, and several controllers together exceed a limit by at most that part.
 */
import { ApiError } from '../../../lib/errors/errors';
import { limit } from '../../../lib/limits/limit';
import type { ControllerLimits } from '../limits';

export type SessionLimits = Pick<
  ControllerLimits,
  | 'sessions_pending_per_user'
  | 'sessions_live_per_user'
  | 'sessions_pending_per_target'
  | 'sessions_live_per_target'
  | 'sessions_live_per_worker'
>;

/** The free places are divided into so many parts; a count is made again after each part. */
const PARTS = 64;
const MAX_REMEMBERED = limit('remembered counts of sessions', 10_000, {
  what: 'targets and workers whose sessions a controller need not count again yet',
  unit: 'counts',
  reached: 'all are forgotten, and counted again at their next session',
  test: 'services/controller/sessions/session-places.test.ts: what is remembered of counts is bounded',
});

/** What the statement that makes a session is to count. */
export interface Count {
  target: string | null;
  workers: string[];
}

/** What it found. */
export interface Counted {
  target_pending: number | null;
  target_live: number | null;
  /** By position in {@link Count.workers}. */
  worker_live: number[] | null;
}

export class SessionPlaces {
  /** Places that may be given out without another count. */
  private readonly free = new Map<string, number>();

  constructor(readonly limits: SessionLimits) {}

  /** What must be counted before the target and the workers get one more session. */
  count(targetId: string, workerIds: readonly string[]): Count {
    return {
      target: this.isDue(targetId) ? targetId : null,
      workers: workerIds.filter((id) => this.isDue(id)),
    };
  }

  note({ target, workers }: Count, counted: Counted): void {
    const { sessions_pending_per_target, sessions_live_per_target, sessions_live_per_worker } = this.limits;
    const { target_pending: pending, target_live: live } = counted;
    if (target !== null && pending !== null && live !== null) {
      this.remember(target, Math.min(sessions_pending_per_target - pending, sessions_live_per_target - live));
    }
    for (const [at, worker] of workers.entries()) {
      const found = counted.worker_live?.[at];
      if (found !== undefined) this.remember(worker, sessions_live_per_worker - found);
    }
  }

  private isDue(id: string): boolean {
    const left = this.free.get(id) ?? 0;
    if (left > 0) this.free.set(id, left - 1);
    return left <= 0;
  }

  private remember(id: string, places: number): void {
    if (this.free.size >= MAX_REMEMBERED) this.free.clear();
    const part = Math.floor(places / PARTS);
    if (part > 0) this.free.set(id, part);
    else this.free.delete(id);
  }
}

const REFUSALS: Record<keyof SessionLimits, string> = {
  sessions_pending_per_user:
    'You have as many sessions that nobody has connected to as one user may have ({}). Connect to them, cancel some, or wait until they expire.',
  sessions_live_per_user:
    'You have as many sessions as one user may have ({}). Cancel some of them, or wait until they expire.',
  sessions_pending_per_target:
    'The target has as many sessions that nobody has connected to as it may have ({}). Cancel some of them, or wait until they expire.',
  sessions_live_per_target:
    'The target has as many sessions as it may have ({}). Cancel some of them, or wait until they expire.',
  sessions_live_per_worker:
    'Each worker that could serve the session has as many as it may have ({}). Cancel some sessions, wait until they expire, or start another worker.',
};

/** 429 that names the limit. */
export function noPlace(key: keyof SessionLimits, limits: SessionLimits): ApiError {
  const text = REFUSALS[key].replace('{}', `controller.limits.${key}, ${limits[key]}`);
  return new ApiError('ResourceExhausted', text);
}
