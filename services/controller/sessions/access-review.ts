/**
 * Ends sessions that their users may no longer open. The schema records whatever takes rights away
 * and whom it concerns, and notifies the controllers. One of them decides again, with the same
 * authorizer that allowed the sessions. {@link mayStillOpen} checks a session that was being
 * created meanwhile, once it is on record: either that check sees the change, or the review of the
 * change sees the session.
 */
import type { Logger } from '../../../lib/log/log';
import type { Allowed, Authz } from '../authz/authz';
import { transaction, type Db } from '../db/db';
import * as store from './access-review.store';

/** Reviews of one run; what is left waits for the next run. */
const MAX_BATCHES = 100;
/** The action that a live session stands on. */
const ACTION = 'authorize-session';

export interface AccessReviewDeps {
  db: Db;
  authz: Authz;
  log: Logger;
}

/**
 * Reviews the sessions of all users who have lost rights. It takes a constant number of statements
 * for up to 500 changes.
 */
export async function reviewAccess(deps: AccessReviewDeps, now: Date): Promise<void> {
  for (let i = 0; i < MAX_BATCHES; i++) {
    const { taken, ended } = await transaction(deps.db, now, async (tx) => {
      const changes = await store.takeGrantChanges(tx, now);
      const users = changes.some((change) => change.user_ids === null)
        ? null
        : [...new Set(changes.flatMap((change) => change.user_ids ?? []))];
      if (changes.length === 0) return { taken: 0, ended: [] };
      const lost = await withoutAccess(deps.authz, await store.liveSessionsOfUsers(tx, users));
      return { taken: changes.length, ended: lost.length === 0 ? [] : await store.revokeSessions(tx, lost, now) };
    });
    if (ended.length > 0) deps.log.info({ session_ids: ended }, 'sessions end: their users may no longer open them');
    if (taken < store.REVIEW_BATCH) return;
  }
}

async function withoutAccess(authz: Authz, sessions: readonly store.ReviewedSession[]): Promise<string[]> {
  if (sessions.length === 0) return [];
  const wanted = sessions.map(({ user_id, target_id, scope_id, parent_scope_id }) => ({
    userId: user_id,
    resource: { type: 'target' as const, id: target_id, scopeId: scope_id, parentScopeId: parent_scope_id },
  }));
  const may = await authz.mayAny(wanted, [ACTION]);
  return sessions.filter((_session, i) => !may[i]).map((session) => session.id);
}

/** Whether the user of a new session still has the right to open it. If not, the session ends. */
export async function mayStillOpen(
  deps: Pick<AccessReviewDeps, 'db' | 'authz'>,
  { actor: { userId }, resource }: Allowed<'target', 'authorize-session'>,
  made: { sessionId: string; now: Date },
): Promise<boolean> {
  const on = deps.db.executor;
  if (!(await store.hasLostGrants(on, userId))) return true;
  const [may] = await deps.authz.mayAny([{ userId, resource }], [ACTION]);
  if (may === true) return true;
  await transaction(deps.db, made.now, (tx) => store.revokeSessions(tx, [made.sessionId], made.now));
  return false;
}
