/**
 * The review of live sessions after rights were taken away. What leads to it is in
 * test/faults/revocation.test.ts.
 */
import { newId } from '../../../lib/ids/ids';
import { proofOf } from '../../../test/harness/proofs';
import { createAuthz } from '../authz/authorizer';
import type { Authz } from '../authz/authz';
import { CONTROLLER_DEFAULTS } from '../config';
import { rows, sql, transaction } from '../db/db';
import { purge, terminateSessions } from '../tasks/session-tasks';
import { mayStillOpen, reviewAccess } from './access-review';
import {
  at,
  createSession,
  createWorld,
  PROJECT,
  sessionFacts,
  TARGET,
  TOKEN,
  USER,
  type World,
} from './sessions.fixture';

let world: World;
let authz: Authz;
const allowed = proofOf('target', 'authorize-session', TARGET, {
  ...{ scopeId: PROJECT, parentScopeId: 'o_1234567890' },
  actor: { userId: USER, authTokenId: TOKEN },
});

beforeEach(async () => {
  world = await createWorld();
  authz = createAuthz({ config: CONTROLLER_DEFAULTS, db: world.db, kms: world.kms, audit: () => undefined });
});
afterEach(() => world.close());

/** A role that lets its user open the target. */
async function role(userId: string): Promise<string> {
  const id = newId('r');
  await transaction(world.db, at(0), async (tx) => {
    await sql`insert into roles (id, scope_id, created_time, updated_time) values (${id}, ${PROJECT}, ${at(0)}, ${at(0)})`.execute(
      tx,
    );
    await sql`insert into role_grant_scopes (role_id, special) values (${id}, 'this')`.execute(tx);
    const grant = `ids=${TARGET};actions=authorize-session`;
    await sql`insert into role_grants (role_id, canonical, raw) values (${id}, ${grant}, ${grant})`.execute(tx);
    await sql`insert into role_principals (role_id, user_id) values (${id}, ${userId})`.execute(tx);
  });
  return id;
}

const remove = (roleIds: string[]): Promise<unknown> =>
  transaction(world.db, at(1), (tx) => sql`delete from roles where id = any(${roleIds}::text[])`.execute(tx));
const review = (): Promise<void> => reviewAccess({ db: world.db, authz, log: world.log }, at(2));
const stillOpen = (sessionId: string): Promise<boolean> =>
  mayStillOpen({ db: world.db, authz }, allowed, { sessionId, now: at(3) });

async function otherUser(): Promise<string> {
  const id = newId('u');
  await transaction(world.db, at(0), (tx) =>
    sql`insert into users (id, scope_id, created_time, updated_time) values (${id}, 'global', ${at(0)}, ${at(0)})`.execute(
      tx,
    ),
  );
  return id;
}

test('a session of a user who lost the right ends, with a reason of its own; who still holds it keeps it', async () => {
  const [first, second] = [await role(USER), await role(USER)];
  const id = await createSession(world);
  await remove([first]);
  await review();
  expect(await sessionFacts(world, id)).toMatchObject({ status: 'pending' });
  await remove([second]);
  await review();
  expect(await sessionFacts(world, id)).toMatchObject({ status: 'canceling', ended_by: 'policy', canceled_by: null });
  await terminateSessions(world.db, at(4));
  expect(await sessionFacts(world, id)).toMatchObject({ status: 'terminated', termination_reason: 'access revoked' });
});

test('reviews at once take each change once, and the number of statements does not depend on what there is', async () => {
  const few = await statements(1);
  const many = await statements(20);
  expect(many).toBe(few);
});

/** Statements of a review after that many users with three sessions each have lost the right. */
async function statements(users: number): Promise<number> {
  const ids = await Promise.all(Array.from({ length: users }, () => otherUser()));
  const roles = await Promise.all(ids.map((id) => role(id)));
  const sessions: string[] = [];
  for (const user of ids) {
    for (let i = 0; i < 3; i++) {
      const session = await createSession(world);
      await sql`update sessions set user_id = ${user} where id = ${session}`.execute(world.db.executor);
      sessions.push(session);
    }
  }
  for (const one of roles) await remove([one]);
  world.statements.length = 0;
  await review();
  const count = world.statements.length;
  await Promise.all([review(), review()]);
  for (const session of sessions) expect(await sessionFacts(world, session)).toMatchObject({ status: 'canceling' });
  expect(await rows(world.db.executor, sql`select 1 from grant_changes where reviewed_time is null`)).toEqual([]);
  return count;
}

describe('a session that is put on record while the right is taken away', () => {
  test('is ended by whoever made it, when the review came first', async () => {
    const held = await role(USER);
    await remove([held]);
    await review();
    const id = await createSession(world);
    expect(await stillOpen(id)).toBe(false);
    expect(await sessionFacts(world, id)).toMatchObject({ status: 'canceling', ended_by: 'policy' });
  });

  test('stays, when its user holds the right by another role, or only others have lost something', async () => {
    const held = await role(USER);
    await role(USER);
    await remove([held]);
    expect(await stillOpen(await createSession(world))).toBe(true);
    const id = await createSession(world);
    await review();
    await purge(world.db, at(3_600_000), 86_400_000);
    await remove([await role(await otherUser())]);
    world.statements.length = 0;
    expect(await stillOpen(id)).toBe(true);
    expect(world.statements).toHaveLength(1);
  });
});

test('changes are forgotten some time after their review, never before it', async () => {
  await remove([await role(USER)]);
  await purge(world.db, at(3_600_000), 86_400_000);
  expect(await rows(world.db.executor, sql`select 1 from grant_changes`)).not.toEqual([]);
  await review();
  await purge(world.db, at(3_600_000), 86_400_000);
  expect(await rows(world.db.executor, sql`select 1 from grant_changes`)).toEqual([]);
});
