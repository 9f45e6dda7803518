/**
 * A deployment for tests: one project with a user, a token, a target and a worker, in a database of
 * its own.
 */
import { randomBytes } from 'node:crypto';
import { createLogger, type Logger } from '../../../lib/log/log';
import { newId } from '../../../lib/ids/ids';
import { createTestDatabase } from '../../../test/harness/postgres';
import { proofOf } from '../../../test/harness/proofs';
import { openDb, row, rows, sql, transaction, type Db } from '../db/db';
import { createKms, type Kms } from '../kms/kms';
import { createDeployment, loadTofuHmac, type TofuHmac } from '../workers/deployment';
import { CONTROLLER_LIMITS } from '../limits';
import { SessionPlaces } from './session-places';
import { insertSession, type Inserted } from './new-session.store';

export interface World {
  /** postgres:// URL of its database. */
  url: string;
  db: Db;
  kms: Kms;
  log: Logger;
  tofuHmac: TofuHmac;
  /** Texts of the statements that ran. */
  statements: string[];
  deploymentId: string;
  close(): Promise<void>;
}

export const NOW = new Date('2026-03-04T05:06:07.123Z');
export const at = (ms: number): Date => new Date(NOW.getTime() + ms);
export const PROJECT = 'p_1234567890';
export const TARGET = 'ttcp_1234567890';
export const USER = 'u_1234567890';
export const TOKEN = 'at_1234567890';
export const WORKER = 'w_1234567890';

export async function createWorld(now = NOW): Promise<World> {
  const database = await createTestDatabase();
  const statements: string[] = [];
  const log = createLogger('test', { level: 'silent' });
  const db = openDb({ url: database.url, log, onStatement: (text) => statements.push(text) });
  const kms = createKms({ rootKey: { id: 'root', key: randomBytes(32) } });
  const deploymentId = await transaction(db, now, async (tx) => {
    const id = await createDeployment(tx, kms, now);
    await seed(tx, kms, now);
    return id;
  });
  return {
    url: database.url,
    db,
    kms,
    log,
    statements,
    deploymentId,
    tofuHmac: await loadTofuHmac(db.executor, kms),
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

async function seed(tx: Parameters<Kms['createScopeKeys']>[0], kms: Kms, now: Date): Promise<void> {
  await sql`insert into scopes (id, type, scope_id, name, created_time, updated_time) values
    ('o_1234567890', 'org', 'global', 'org', ${now}, ${now})`.execute(tx);
  await sql`insert into scopes (id, type, scope_id, name, created_time, updated_time) values
    (${PROJECT}, 'project', 'o_1234567890', 'project', ${now}, ${now})`.execute(tx);
  for (const scope of ['o_1234567890', PROJECT]) await kms.createScopeKeys(tx, scope, now);
  await sql`insert into users (id, scope_id, name, created_time, updated_time)
    values (${USER}, 'global', 'user', ${now}, ${now})`.execute(tx);
  await sql`insert into auth_methods (id, scope_id, type, name, created_time, updated_time)
    values ('ampw_1234567890', 'global', 'password', 'password', ${now}, ${now})`.execute(tx);
  await sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time)
    values ('acctpw_1234567890', 'ampw_1234567890', 'global', 'password', ${USER}, ${now}, ${now})`.execute(tx);
  const token = await kms.encrypt(tx, 'global', 'tokens', Buffer.from('t'), {
    column: 'auth_tokens.token',
    row: TOKEN,
  });
  await sql`insert into auth_tokens (id, scope_id, user_id, auth_method_id, account_id, token, key_id, created_time,
      updated_time, approximate_last_used_time, expiration_time)
    values (${TOKEN}, 'global', ${USER}, 'ampw_1234567890', 'acctpw_1234567890', ${token.ciphertext}, ${token.keyId},
      ${now}, ${now}, ${now}, ${new Date(now.getTime() + 86_400_000)})`.execute(tx);
  await sql`insert into targets (id, scope_id, type, name, address, default_port, created_time, updated_time)
    values (${TARGET}, ${PROJECT}, 'tcp', 'target', '127.0.0.1', 5432, ${now}, ${now})`.execute(tx);
  await sql`insert into workers (id, name, created_time, updated_time)
    values (${WORKER}, 'worker', ${now}, ${now})`.execute(tx);
}

/** Changes what the target's next sessions get. */
export async function setTarget(world: World, change: { limit?: number; concurrent?: number; endOnExpiry?: boolean }) {
  await transaction(world.db, NOW, (tx) =>
    sql`update targets set session_connection_limit = ${change.limit ?? -1},
      session_concurrent_connection_limit = ${change.concurrent ?? -1},
      end_sessions_on_token_expiry = ${change.endOnExpiry ?? false} where id = ${TARGET}`.execute(tx),
  );
}

/** A pending session of the target that lives for `lifeMs`. */
export async function createSession(world: World, now = NOW, lifeMs = 3_600_000): Promise<string> {
  const { id, inserted } = await tryCreateSession(world, new SessionPlaces(CONTROLLER_LIMITS.defaults()), now, lifeMs);
  if (inserted.outcome !== 'made') throw new Error(inserted.outcome);
  return id;
}

/** The same when there may be no place for it. */
export async function tryCreateSession(
  world: World,
  places: SessionPlaces,
  now = NOW,
  lifeMs = 3_600_000,
  workerIds = [WORKER],
): Promise<{ id: string; inserted: Inserted }> {
  const id = newId('s');
  const key = await world.kms.encrypt(world.db.executor, PROJECT, 'sessions', randomBytes(64), {
    column: 'sessions.private_key',
    row: id,
  });
  const actor = { userId: USER, authTokenId: TOKEN };
  const allowed = proofOf('target', 'authorize-session', TARGET, { scopeId: PROJECT, actor });
  const session = {
    id,
    targetVersion: 1,
    hostId: null,
    hostSetId: null,
    endpoint: 'tcp://127.0.0.1:5432',
    certificate: randomBytes(20),
    privateKey: key.ciphertext,
    keyId: key.keyId,
    correlationId: 'c',
    now,
    expiration: new Date(now.getTime() + lifeMs),
    workerIds,
  };
  return { id, inserted: await insertSession(world.db.executor, allowed, session, places) };
}

/** As many pending sessions at once, whatever the limits. */
export async function createSessions(
  { db, kms }: Pick<World, 'db' | 'kms'>,
  count: number,
  more: Partial<typeof OWNERS> = {},
): Promise<string[]> {
  const { project, target, user, token, workers, endpoint, now } = { ...OWNERS, ...more };
  const expiration = new Date(now.getTime() + 3_600_000);
  const ids = Array.from({ length: count }, () => newId('s'));
  for (let i = 0; i < count; i += 1_000) {
    const some = ids.slice(i, i + 1_000);
    const sealed = await Promise.all(
      some.map((id) =>
        kms.encrypt(db.executor, project, 'sessions', Buffer.alloc(64, id), {
          column: 'sessions.private_key',
          row: id,
        }),
      ),
    );
    const certificate = randomBytes(450);
    await sql`
      with made as (
        insert into sessions (
          id, scope_id, target_id, user_id, auth_token_id, by_address, type, endpoint, certificate, private_key, key_id,
          connection_limit, concurrent_connection_limit, end_on_token_expiry, correlation_id, expiration_time, status_time,
          created_time, updated_time)
        select n.id, ${project}, ${target}, ${user}, ${token}, true, 'tcp', ${endpoint}, ${certificate}::bytea, n.key,
          ${sealed[0]!.keyId}, -1, -1, false, 'c', ${expiration}::timestamptz, ${now}::timestamptz, ${now}::timestamptz,
          ${now}::timestamptz
        from unnest(${some}::text[], ${sealed.map(({ ciphertext }) => ciphertext)}::bytea[]) as n (id, key)
        returning id
      )
      insert into session_workers (session_id, worker_id, preference)
      select made.id, w.id, w.n from made, unnest(${workers}::text[]) with ordinality as w (id, n)`.execute(
      db.executor,
    );
  }
  return ids;
}

const OWNERS = {
  ...{ project: PROJECT, target: TARGET, user: USER, token: TOKEN, workers: [WORKER] },
  ...{ endpoint: 'tcp://127.0.0.1:5432', now: NOW },
};

export interface SessionFacts {
  status: string;
  termination_reason: string | null;
  version: number;
  made: number;
  open: number;
  ended_by: string | null;
  canceled_by: string | null;
}

export async function sessionFacts(world: World, id: string): Promise<SessionFacts> {
  const found = await row<SessionFacts>(
    world.db.executor,
    sql`select status, termination_reason, version, made, open, ended_by, canceled_by from sessions where id = ${id}`,
  );
  return found!;
}

/** Names of the states it went through, oldest first. */
export async function statesOf(world: World, id: string): Promise<string[]> {
  const found = await rows<{ status: string }>(
    world.db.executor,
    sql`select status from session_states where session_id = ${id} order by start_time`,
  );
  return found.map((state) => state.status);
}

export const newConnectionId = (): string => newId('sc');
