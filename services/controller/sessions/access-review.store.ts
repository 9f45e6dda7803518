/**
 * SQL of the access review: what took rights away, and the live sessions of those whom it concerns.
 */
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';

/** Changes of one review; the rest waits for the next. */
export const REVIEW_BATCH = 500;

/**
 * Takes changes that were not reviewed yet. `user_ids` is null for a change that concerns
 * everybody. Changes that another controller holds are left to it.
 */
export function takeGrantChanges(tx: Tx, now: Date): Promise<{ user_ids: string[] | null }[]> {
  return rows(
    tx,
    sql`update grant_changes set reviewed_time = ${now} where id in (
          select id from grant_changes where reviewed_time is null order by id limit ${REVIEW_BATCH} for update skip locked)
        returning user_ids`,
  );
}

/** A live session with the place of its target. */
export interface ReviewedSession {
  id: string;
  user_id: string;
  target_id: string;
  scope_id: string;
  parent_scope_id: string;
}

/**
 * The live sessions of the users; of all users when null. Sessions without a parent have ended
 * already.
 */
export function liveSessionsOfUsers(on: Executor, userIds: string[] | null): Promise<ReviewedSession[]> {
  const those = userIds === null ? sql`true` : sql`s.user_id = any(${userIds}::text[])`;
  return rows(
    on,
    sql`select s.id, s.user_id, s.target_id, s.scope_id, p.scope_id as parent_scope_id
        from sessions s join scopes p on p.id = s.scope_id
        where s.status in ('pending', 'active') and s.user_id is not null and s.target_id is not null and ${those}`,
  );
}

/** Ends sessions whose users may no longer open them. Answers the ids of those that were live. */
export async function revokeSessions(on: Executor, ids: string[], now: Date): Promise<string[]> {
  const ended = await rows<{ id: string }>(
    on,
    sql`with locked as materialized (
          select id from sessions where id = any(${ids}::text[]) and status in ('pending', 'active') order by id for update
        )
        update sessions s set status = 'canceling', status_time = ${now}, ended_by = 'policy', access_revoked = true
        from locked where s.id = locked.id returning s.id`,
  );
  return ended.map((session) => session.id);
}

/** Whether something took rights away from the user lately, or from everybody. */
export async function hasLostGrants(on: Executor, userId: string): Promise<boolean> {
  const found = await row(
    on,
    sql`select 1 from grant_changes where user_ids is null or ${userId} = any(user_ids) limit 1`,
  );
  return found !== undefined;
}

/** Forgets changes that were reviewed before `before`. */
export const forgetGrantChanges = (on: Executor, before: Date): Promise<number> =>
  changed(on, sql`delete from grant_changes where reviewed_time < ${before}`);
