/**
 * SQL of the first resources: they come with given ids and versions, so they do not pass the usual
 * stores.
 */
import { newIdOf } from '../../../lib/contract/id-prefixes';
import { changed, row, sql, type Executor, type Tx } from '../db/db';
import type { PlannedAccount, PlannedTarget } from './plan';
import type { RoleSeed } from './roles';

/** Whether the deployment was initialized. */
export async function isInitialized(on: Executor): Promise<boolean> {
  return (await row(on, sql`select from deployment`)) !== undefined;
}

export async function insertScope(
  tx: Tx,
  scope: { id: string; type: 'org' | 'project'; parentId: string; name: string; description: string },
  now: Date,
): Promise<void> {
  await changed(
    tx,
    sql`insert into scopes (id, type, scope_id, name, description, created_time, updated_time)
        values (${scope.id}, ${scope.type}, ${scope.parentId}, ${scope.name}, ${scope.description}, ${now}, ${now})`,
  );
}

/** A password auth method in the global scope, which becomes its primary one. */
export async function insertPrimaryAuthMethod(
  tx: Tx,
  method: { id: string; name: string; description: string },
  now: Date,
): Promise<void> {
  await changed(
    tx,
    sql`insert into auth_methods (id, scope_id, type, name, description, created_time, updated_time)
        values (${method.id}, 'global', 'password', ${method.name}, ${method.description}, ${now}, ${now})`,
  );
  await changed(tx, sql`insert into password_auth_methods (id) values (${method.id})`);
  await changed(
    tx,
    sql`update scopes set primary_auth_method_id = ${method.id}, updated_time = ${now} where id = 'global'`,
  );
}

/** The user has version 2: made, then given its account. */
export async function insertUserWithAccount(
  tx: Tx,
  authMethodId: string,
  account: PlannedAccount,
  passwordHash: string,
  now: Date,
): Promise<void> {
  const { userId, accountId } = account;
  await changed(
    tx,
    sql`insert into users (id, scope_id, name, description, created_time, updated_time, version)
        values (${userId}, 'global', ${account.userName}, ${account.userDescription}, ${now}, ${now}, 2)`,
  );
  await changed(
    tx,
    sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time)
        values (${accountId}, ${authMethodId}, 'global', 'password', ${userId}, ${now}, ${now})`,
  );
  await changed(
    tx,
    sql`insert into password_accounts (id, auth_method_id, login_name, password_hash)
        values (${accountId}, ${authMethodId}, ${account.loginName}, ${passwordHash})`,
  );
}

export async function insertRole(
  tx: Tx,
  role: Omit<RoleSeed, 'grants'> & { grants: { canonical: string; raw: string }[] },
  now: Date,
): Promise<void> {
  await changed(
    tx,
    sql`insert into roles (id, scope_id, name, description, created_time, updated_time, version)
        values (${role.id}, ${role.scopeId}, ${role.name}, ${role.description}, ${now}, ${now}, ${role.version})`,
  );
  await changed(tx, sql`insert into role_principals (role_id, user_id) values (${role.id}, ${role.userId})`);
  for (const [position, { canonical, raw }] of role.grants.entries()) {
    await changed(
      tx,
      sql`insert into role_grants (role_id, canonical, raw, position)
          values (${role.id}, ${canonical}, ${raw}, ${position})`,
    );
  }
  for (const word of role.grantScopes) {
    await changed(tx, sql`insert into role_grant_scopes (role_id, special) values (${role.id}, ${word})`);
  }
}

export interface NamedHostResources {
  projectId: string;
  catalogId: string;
  hostId: string;
  setId: string;
  address: string;
  names: Record<'catalog' | 'host' | 'set', { name: string; description: string }>;
}

/** The set has version 2: made, then given its host. */
export async function insertHostResources(tx: Tx, hosts: NamedHostResources, now: Date): Promise<void> {
  const { projectId, catalogId, hostId, setId, names } = hosts;
  await changed(
    tx,
    sql`insert into host_catalogs (id, scope_id, type, name, description, created_time, updated_time)
        values (${catalogId}, ${projectId}, 'static', ${names.catalog.name}, ${names.catalog.description}, ${now}, ${now})`,
  );
  await changed(
    tx,
    sql`insert into hosts (id, host_catalog_id, scope_id, type, name, description, address, created_time, updated_time)
        values (${hostId}, ${catalogId}, ${projectId}, 'static', ${names.host.name}, ${names.host.description},
          ${hosts.address}, ${now}, ${now})`,
  );
  await changed(
    tx,
    sql`insert into host_sets (id, host_catalog_id, scope_id, type, name, description, created_time, updated_time, version)
        values (${setId}, ${catalogId}, ${projectId}, 'static', ${names.set.name}, ${names.set.description}, ${now}, ${now}, 2)`,
  );
  await changed(
    tx,
    sql`insert into host_set_members (host_set_id, host_id, host_catalog_id) values (${setId}, ${hostId}, ${catalogId})`,
  );
}

/** A target without an address gets the host set, which makes version 2. */
export async function insertTarget(
  tx: Tx,
  projectId: string,
  target: PlannedTarget,
  hostSetId: string | undefined,
  now: Date,
): Promise<void> {
  const setId = target.address === undefined ? hostSetId : undefined;
  await changed(
    tx,
    sql`insert into targets (id, scope_id, type, name, description, address, default_port, session_max_seconds,
          session_connection_limit, created_time, updated_time, version)
        values (${target.id}, ${projectId}, 'tcp', ${target.name}, ${target.description}, ${target.address ?? null},
          ${target.defaultPort}, ${target.sessionMaxSeconds ?? DEFAULT_SESSION_MAX_SECONDS},
          ${target.sessionConnectionLimit ?? -1}, ${now}, ${now}, ${setId === undefined ? 1 : 2})`,
  );
  if (target.alias !== undefined) await insertAlias(tx, target.alias, target.id, now);
  if (setId === undefined) return;
  await changed(
    tx,
    sql`insert into target_host_sets (target_id, host_set_id, scope_id) values (${target.id}, ${setId}, ${projectId})`,
  );
}

async function insertAlias(tx: Tx, value: string, targetId: string, now: Date): Promise<void> {
  await changed(
    tx,
    sql`insert into aliases (id, scope_id, type, value, destination_id, created_time, updated_time)
        values (${newIdOf('alias', 'target')}, 'global', 'target', ${value}, ${targetId}, ${now}, ${now})`,
  );
}

/** What a target gets when nothing is said. */
export const DEFAULT_SESSION_MAX_SECONDS = 28_800;

/** The worker of this name, locked. */
export const lockWorkerNamed = (tx: Tx, name: string): Promise<{ id: string } | undefined> =>
  row(tx, sql`select id from workers where name = ${name} for update`);
