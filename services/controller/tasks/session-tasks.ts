/** The periodic tasks of sessions, workers and what is kept of them. */
import { deleteExpiredTokens } from '../auth-tokens/auth-tokens.store';
import { LOGIN_NETWORK_MS } from '../auth-methods/login-networks';
import { forgetNetworksBefore } from '../auth-methods/login-networks.store';
import { changed, sql, transaction, type Db } from '../db/db';
import type { Control } from '../control/control';
import { removeExpiredControllers } from '../control/control.store';
import { runDestructionJobs } from '../kms/destruction';
import type { Kms } from '../kms/kms';
import { forgetGrantChanges } from '../sessions/access-review.store';
import { closeLost, markUnreachable, ofEarlierProcesses } from '../sessions/connections.store';
import { deleteExpiredNonces } from '../recovery/recovery.store';
import { RETENTION_MS, TERMINATION_DELAY_MS } from '../sessions/sessions';
import * as sessions from '../sessions/sessions.store';
import type { SessionPushes } from './push-sessions';
import type { Task } from './tasks';

const SECOND_MS = 1_000;
const PURGE_EVERY_MS = 10 * 60 * SECOND_MS;
/** How long deleted ids are told to list refreshes. */
const TOMBSTONES_MS = 31 * 24 * 3_600 * SECOND_MS;
/** How long a reviewed change of grants is kept: far longer than the making of a session takes. */
const GRANT_CHANGES_MS = 10 * 60 * SECOND_MS;
/** Batches of one purge; the rest waits for the next run. */
const MAX_BATCHES = 200;

export interface SessionTaskDeps {
  db: Db;
  kms: Kms;
  pushes: SessionPushes;
  control: Pick<Control, 'leasesExpiredBefore'>;
  /** Life of an auth token since its last use, ms. */
  authTokenTimeToStaleMs: number;
}

/** All tasks of a controller. */
export function sessionTasks({ db, kms, pushes, control, authTokenTimeToStaleMs }: SessionTaskDeps): Task[] {
  return [
    { name: 'terminate sessions', everyMs: SECOND_MS, run: (now) => terminateSessions(db, now) },
    { name: 'end with the token', everyMs: SECOND_MS, run: (now) => endWithToken(db, now, authTokenTimeToStaleMs) },
    { name: 'repeat pushes', everyMs: 3 * SECOND_MS, run: () => pushes.repeat() },
    {
      name: 'expire controllers',
      everyMs: 5 * SECOND_MS,
      run: (now) => expireControllers(db, now, control.leasesExpiredBefore()),
    },
    { name: 'destroy keys', everyMs: 2 * SECOND_MS, run: (now) => runDestructionJobs({ db, kms }, now) },
    { name: 'purge', everyMs: PURGE_EVERY_MS, run: (now) => purge(db, now, authTokenTimeToStaleMs) },
  ];
}

/**
 * Gives up connections of sessions that ended a while ago, then terminates sessions that are over.
 */
export async function terminateSessions(db: Db, now: Date): Promise<void> {
  const deadline = new Date(now.getTime() - TERMINATION_DELAY_MS);
  await closeLost(db.executor, sessions.ofSessionsEndedBefore(deadline), now);
  await sessions.terminateEnded(db.executor, now);
}

/** Ends sessions that are set to end with their token, when the token has expired or gone stale. */
export async function endWithToken(db: Db, now: Date, staleMs: number): Promise<void> {
  await sessions.endWithExpiredToken(db.executor, now, new Date(now.getTime() - staleMs));
}

/**
 * Removes dead controllers, if this one can tell which are dead. Gives up connections of dead
 * worker processes, and marks connections of workers that are attached to no controller.
 */
export async function expireControllers(db: Db, now: Date, expiredBefore: Date | undefined): Promise<void> {
  if (expiredBefore !== undefined) await removeExpiredControllers(db.executor, expiredBefore);
  await closeLost(db.executor, ofEarlierProcesses, now);
  await markUnreachable(db.executor, now);
}

/** Deletes what has been kept long enough, in batches. */
export async function purge(db: Db, now: Date, staleMs: number): Promise<void> {
  const before = (age: number): Date => new Date(now.getTime() - age);
  await inBatches(() => transaction(db, now, (tx) => sessions.purgeSessions(tx, before(RETENTION_MS))));
  await transaction(db, now, (tx) => deleteExpiredTokens(tx, now, before(staleMs)));
  await deleteExpiredNonces(db.executor, now);
  await forgetNetworksBefore(db.executor, before(LOGIN_NETWORK_MS));
  await forgetGrantChanges(db.executor, before(GRANT_CHANGES_MS));
  await changed(db.executor, sql`delete from tombstones where deleted_time < ${before(TOMBSTONES_MS)}`);
}

async function inBatches(batch: () => Promise<number>): Promise<void> {
  for (let i = 0; i < MAX_BATCHES; i++) if ((await batch()) < sessions.TASK_BATCH) return;
}
