/**
 * The database of simulated worlds, one world after another: a deployment with workers, tokens and
 * targets of every kind of limit, and triggers that tell each change of a row and each notification
 * as a notice of the statement.
 */
import { mkdirSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type Logger } from '../../lib/log/log';
import { newEd25519, pemFromDer, privateKeyPem } from '../../lib/tls/keys';
import { openDb, sql, transaction, type Db } from '../../services/controller/db/db';
import { createKms, type RootKey } from '../../services/controller/kms/kms';
import {
  issueWorkerCertificate,
  loadAuthority,
  type DeploymentAuthority,
} from '../../services/controller/workers/authority';
import { createDeployment, loadTofuHmac, type TofuHmac } from '../../services/controller/workers/deployment';
import { saveIdentity } from '../../services/worker/control/identity';
import { DatabaseConnection } from './database';
import { BEGIN } from './process';

export const ORG = 'o_simulation';
export const PROJECT = 'p_simulation';
export const MAX_WORKERS = 3;
export const TOKENS = 3;
export const workerIdOf = (n: number): string => `w_simulation${n}`;
export const tokenIdOf = (n: number): string => `at_simulation${n}`;
/**
 * Each token is another user's; each user has an account and a role, the first one through a group.
 */
export const userIdOf = (n: number): string => `u_simulation${n}`;
export const accountIdOf = (n: number): string => `acctpw_simulation${n}`;
export const roleIdOf = (n: number): string => `r_simulation${n}`;
export const GROUP = 'g_simulation';
/** Host sets that endpoints may come from. */
export const HOST_SETS: readonly string[] = ['hsst_simulation0', 'hsst_simulation1'];

/** Limits of targets: lifetime, concurrent, grace without a controller in seconds. */
const LIMITS = [-1, 1, 2, 4];
const CONCURRENT = [-1, 1, 2];
const GRACE = [undefined, 0, 3];

export interface SimTarget {
  id: string;
  limit: number;
  concurrent: number;
  graceSeconds: number | undefined;
}

/** Every mixture of limits. */
export const TARGETS: readonly SimTarget[] = LIMITS.flatMap((limit, a) =>
  CONCURRENT.flatMap((concurrent, b) =>
    GRACE.map((graceSeconds, c) => ({ id: `ttcp_simulation${a}${b}${c}`, limit, concurrent, graceSeconds })),
  ),
);

/** What no administrator of a simulated world deletes: a target, and the last user. */
export const KEPT_TARGET: SimTarget = { id: 'ttcp_simulation', limit: -1, concurrent: -1, graceSeconds: undefined };
export const KEPT_USER = TOKENS;

/** A worker as its certificate names it. */
export interface SimIdentity {
  workerId: string;
  deploymentId: string;
  certificate: X509Certificate;
}

export interface Fixture {
  connection: DatabaseConnection;
  rootKey: RootKey;
  authority: DeploymentAuthority;
  tofuHmac: TofuHmac;
  log: Logger;
  identities: Map<string, SimIdentity>;
  /** Where the worker keeps its files; empty but for its identity at the beginning of a world. */
  storageOf(workerId: string): string;
  /** Takes back what the last world has done. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Prepares the migrated, empty database at `url`. */
export async function createFixture(url: string): Promise<Fixture> {
  const log = createLogger('sim', { level: 'silent' });
  const rootKey = { id: 'root', key: randomBytes(32) };
  const db = openDb({ url, log, maxConnections: 1 });
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sallyport-sim-'));
  try {
    await insertDeployment(db, rootKey);
    await sql.raw(TELLING).execute(db.executor);
    await sql.raw(resetFunction()).execute(db.executor);
    const kms = createKms({ rootKey });
    const authority = await loadAuthority(db.executor, kms);
    const identities = await issueIdentities(authority, directory);
    const connection = await DatabaseConnection.open(url);
    let resets = 0;
    return {
      connection,
      rootKey,
      authority,
      tofuHmac: await loadTofuHmac(db.executor, kms),
      log,
      identities,
      storageOf: (workerId) => join(directory, workerId),
      async reset() {
        for (const id of identities.keys()) rmSync(join(directory, id, 'closes.spool'), { force: true });
        // A world may end in the middle of a transaction.
        await connection.query('rollback', []);
        if (resets++ % VACUUM_EVERY === VACUUM_EVERY - 1) await connection.query('vacuum', []);
        await connection.query('select sim.reset()', []);
      },
      async close() {
        await connection.end();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  } finally {
    await db.close();
  }
}

const GRANT = 'ids=*;type=target;actions=authorize-session';
/** Worlds between two removals of dead rows. */
const VACUUM_EVERY = 100;

async function insertDeployment(db: Db, rootKey: RootKey): Promise<void> {
  const kms = createKms({ rootKey });
  const now = new Date(BEGIN);
  await transaction(db, now, async (tx) => {
    await createDeployment(tx, kms, now);
    await sql`insert into scopes (id, type, scope_id, name, created_time, updated_time) values
      (${ORG}, 'org', 'global', 'org', ${now}, ${now})`.execute(tx);
    await sql`insert into scopes (id, type, scope_id, name, created_time, updated_time) values
      (${PROJECT}, 'project', ${ORG}, 'project', ${now}, ${now})`.execute(tx);
    for (const scope of [ORG, PROJECT]) await kms.createScopeKeys(tx, scope, now);
    await sql`insert into auth_methods (id, scope_id, type, name, created_time, updated_time)
      values ('ampw_simulation', 'global', 'password', 'password', ${now}, ${now})`.execute(tx);
    await sql`insert into host_catalogs (id, scope_id, type, name, created_time, updated_time)
      values ('hcst_simulation', ${PROJECT}, 'static', 'hosts', ${now}, ${now})`.execute(tx);
    const token = await kms.encrypt(tx, 'global', 'tokens', Buffer.from('t'), {
      column: 'auth_tokens.token',
      row: 'token',
    });
    await sql`create schema sim`.execute(tx);
    await sql`create table sim.token as select ${token.ciphertext}::bytea as token, ${token.keyId}::text as key_id`.execute(
      tx,
    );
  });
}

async function issueIdentities(authority: DeploymentAuthority, directory: string): Promise<Map<string, SimIdentity>> {
  const identities = new Map<string, SimIdentity>();
  for (let n = 0; n < MAX_WORKERS; n++) {
    const workerId = workerIdOf(n);
    const key = newEd25519();
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const der = await issueWorkerCertificate(authority, workerId, publicKey, new Date(BEGIN));
    const { deploymentId } = authority;
    identities.set(workerId, { workerId, deploymentId, certificate: new X509Certificate(der) });
    mkdirSync(join(directory, workerId));
    const authorities = authority.certificates.map((certificate) => pemFromDer(certificate));
    const identity = {
      workerId,
      privateKey: privateKeyPem(key),
      certificate: pemFromDer(der),
      authorities,
      tokenHash: '',
    };
    saveIdentity(join(directory, workerId), identity);
  }
  return identities;
}

const TELLING = `
create function sim.pg_notify(channel text, payload text) returns void language plpgsql as $$
begin
  raise notice '%', json_build_object('kind', 'notify', 'channel', channel, 'payload', payload);
end $$;
create function sim.tell_row() returns trigger language plpgsql as $$
begin
  raise notice '%', jsonb_build_object('kind', 'row', 'table', tg_table_name, 'operation', tg_op, 'row',
    case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end
      - '{certificate,private_key,tofu_hmac,endpoint}'::text[]);
  return null;
end $$;
create trigger zz_told after insert or update or delete on sessions for each row execute function sim.tell_row();
create trigger zz_told after insert or update or delete on session_connections
  for each row execute function sim.tell_row();
`;

/** Everything that a world may change, made anew. */
function resetFunction(): string {
  const begin = `'${new Date(BEGIN).toISOString()}'::timestamptz`;
  const targets = [KEPT_TARGET, ...TARGETS].map(
    ({ id, limit, concurrent, graceSeconds }) =>
      `('${id}', '${PROJECT}', 'tcp', '${id}', '127.0.0.1', 5432, ${limit}, ${concurrent}, ${graceSeconds ?? 'null'}, ${begin}, ${begin})`,
  );
  const workers = Array.from(
    { length: MAX_WORKERS },
    (_, n) => `('${workerIdOf(n)}', 'worker-${n}', ${begin}, ${begin})`,
  );
  const people = Array.from({ length: TOKENS + 1 }, (_, n) => n);
  const list = (row: (n: number) => string): string => people.map(row).join(', ');
  const tokens = people.map(
    (n) =>
      `select '${tokenIdOf(n)}', 'global', '${userIdOf(n)}', 'ampw_simulation', '${accountIdOf(n)}', token, key_id, ${begin},
         ${begin}, ${begin}, ${begin} + interval '1 day' from sim.token`,
  );
  const hostSets = HOST_SETS.map(
    (id) => `('${id}', 'hcst_simulation', '${PROJECT}', 'static', '${id}', ${begin}, ${begin})`,
  );
  return `
create function sim.reset() returns void language plpgsql as $reset$
begin
  perform set_config('sallyport.now', ${begin}::text, true);
  delete from sessions;
  delete from worker_attachments;
  delete from controllers;
  delete from workers;
  delete from targets;
  delete from roles;
  delete from groups;
  delete from users where id like 'u\\_simulation%';
  delete from accounts;
  delete from host_sets;
  delete from grant_changes;
  delete from tombstones;
  delete from monthly_active_users;
  insert into users (id, scope_id, name, created_time, updated_time) values
    ${list((n) => `('${userIdOf(n)}', 'global', 'user-${n}', ${begin}, ${begin})`)};
  insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time) values
    ${list((n) => `('${accountIdOf(n)}', 'ampw_simulation', 'global', 'password', '${userIdOf(n)}', ${begin}, ${begin})`)};
  insert into groups (id, scope_id, name, created_time, updated_time)
    values ('${GROUP}', 'global', 'group', ${begin}, ${begin});
  insert into group_members (group_id, user_id) values ('${GROUP}', '${userIdOf(0)}');
  insert into roles (id, scope_id, name, created_time, updated_time) values
    ${list((n) => `('${roleIdOf(n)}', '${PROJECT}', 'role-${n}', ${begin}, ${begin})`)};
  insert into role_principals (role_id, user_id, group_id) values
    ${list((n) => `('${roleIdOf(n)}', ${n === 0 ? `null, '${GROUP}'` : `'${userIdOf(n)}', null`})`)};
  insert into role_grants (role_id, canonical, raw) values ${list((n) => `('${roleIdOf(n)}', '${GRANT}', '${GRANT}')`)};
  insert into role_grant_scopes (role_id, special) values ${list((n) => `('${roleIdOf(n)}', 'this')`)};
  insert into host_sets (id, host_catalog_id, scope_id, type, name, created_time, updated_time)
    values ${hostSets.join(', ')};
  insert into workers (id, name, created_time, updated_time) values ${workers.join(', ')};
  insert into targets (id, scope_id, type, name, address, default_port, session_connection_limit,
    session_concurrent_connection_limit, offline_grace_seconds, created_time, updated_time) values ${targets.join(',\n    ')};
  insert into auth_tokens (id, scope_id, user_id, auth_method_id, account_id, token, key_id, created_time,
    updated_time, approximate_last_used_time, expiration_time)
    ${tokens.join(' union all ')};
end $reset$`;
}
