/** A deployment for tests: one project with a user, a token, a target and a worker, in a database of its own. */
import { randomBytes } from 'node:crypto';
import { createLogger, type Logger } from '../../../lib/log/log';
import { newId, randomBase62 } from '../../../lib/ids/ids';
import { createTestDatabase } from '../../../test/harness/postgres';
import type { Allowed } from '../authz/authz';
import { openDb, row, rows, sql, transaction, type Db } from '../db/db';
import { createKms, type Kms } from '../kms/kms';
import { createDeployment, loadTofuHmac, type TofuHmac } from '../workers/deployment';
import { insertSession } from './sessions.store';

export interface World {
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
  const id = newId('s');
  const key = await world.kms.encrypt(world.db.executor, PROJECT, 'sessions', randomBytes(64), {
    column: 'sessions.private_key',
    row: id,
  });
  const allowed = {} as Allowed<'authorize-session'>;
  const made = await insertSession(world.db.executor, allowed, {
    id,
    targetId: TARGET,
    targetVersion: 1,
    userId: USER,
    authTokenId: TOKEN,
    hostId: null,
    hostSetId: null,
    endpoint: 'tcp://127.0.0.1:5432',
    certificate: randomBytes(20),
    privateKey: key.ciphertext,
    keyId: key.keyId,
    correlationId: 'c',
    now,
    expiration: new Date(now.getTime() + lifeMs),
    workerIds: [WORKER],
  });
  if (!made) throw new Error('the target changed');
  return id;
}

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
export const newTofuToken = (): string => randomBase62(20);
