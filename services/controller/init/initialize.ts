/** Fills a migrated, empty database with what a deployment starts with, in one transaction. */
import { hashPassword } from '../auth-methods/password-hash';
import { parseGrant } from '../authz/grants';
import { transaction, type Db, type Tx } from '../db/db';
import type { Kms } from '../kms/kms';
import { createDeployment } from '../workers/deployment';
import { insertDevMethods } from './dev-methods';
import { brokerCredential } from './credentials';
import * as store from './init.store';
import type { Plan } from './plan';
import { adminRole, authenticatedUserRole, loginRole, scopeRoles, type RoleSeed } from './roles';

export const AUTH_METHOD = {
  name: 'Generated global scope initial password auth method',
  description: 'Provides initial administrative and unprivileged authentication into Boundary',
};
export const ORG = { name: 'Generated org scope', description: 'Provides an initial org scope in Boundary' };
export const PROJECT = {
  name: 'Generated project scope',
  description: 'Provides an initial project scope in Boundary',
};
export const HOST_NAMES = {
  catalog: { name: 'Generated host catalog', description: 'Provides an initial host catalog in Boundary' },
  host: { name: 'Generated host', description: 'Provides an initial host in Boundary' },
  set: { name: 'Generated host set', description: 'Provides an initial host set in Boundary' },
};

/**
 * Deployment id, certificate authorities and keys, then the plan's resources. Rejects when it was
 * done before.
 */
export async function initialize(db: Db, kms: Kms, plan: Plan, now: Date): Promise<void> {
  // Hashing takes long enough to keep it out of the transaction.
  const hashes = new Map<string, string>();
  for (const account of [plan.authMethod?.admin, plan.authMethod?.user]) {
    if (account !== undefined) hashes.set(account.accountId, await hashPassword(account.password));
  }
  await transaction(db, now, async (tx) => {
    if (await store.isInitialized(tx)) throw new Error('the database is initialized already');
    await createDeployment(tx, kms, now);
    await insertIdentities(tx, plan, hashes, now);
    if (plan.devMethods !== undefined) await insertDevMethods(tx, kms, plan.devMethods, now);
    await insertScopes(tx, kms, plan, now);
    await insertResources(tx, kms, plan, now);
  });
}

async function insertIdentities(tx: Tx, plan: Plan, hashes: Map<string, string>, now: Date): Promise<void> {
  const method = plan.authMethod;
  if (method !== undefined) {
    await store.insertPrimaryAuthMethod(tx, { id: method.id, ...AUTH_METHOD }, now);
    for (const account of [method.admin, method.user]) {
      if (account === undefined) continue;
      await store.insertUserWithAccount(tx, method.id, account, hashes.get(account.accountId)!, now);
    }
  }
  const roles = [
    ...(plan.loginRole === undefined ? [] : [loginRole(plan.loginRole.id)]),
    ...(plan.authenticatedUserRole === undefined
      ? []
      : [authenticatedUserRole(plan.authenticatedUserRole.id, plan.authenticatedUserRole.targetActions)]),
    ...(method === undefined ? [] : [adminRole(method.adminRoleId, method.admin)]),
  ];
  for (const role of roles) await insertRole(tx, role, now);
}

async function insertScopes(tx: Tx, kms: Kms, plan: Plan, now: Date): Promise<void> {
  const scopes = [
    ...(plan.org === undefined ? [] : [{ ...plan.org, ...ORG, type: 'org' as const, parentId: 'global' }]),
    ...(plan.org === undefined || plan.project === undefined
      ? []
      : [{ ...plan.project, ...PROJECT, type: 'project' as const, parentId: plan.org.id }]),
  ];
  for (const scope of scopes) {
    await store.insertScope(tx, scope, now);
    await kms.createScopeKeys(tx, scope.id, now);
    if (!scope.roles) continue;
    for (const role of scopeRoles(scope.id, scope.type, plan.authMethod?.admin.userId)) await insertRole(tx, role, now);
  }
}

async function insertResources(tx: Tx, kms: Kms, plan: Plan, now: Date): Promise<void> {
  if (plan.project === undefined) return;
  const projectId = plan.project.id;
  if (plan.hosts !== undefined) {
    await store.insertHostResources(tx, { ...plan.hosts, projectId, names: HOST_NAMES }, now);
  }
  for (const target of plan.targets) {
    await store.insertTarget(tx, projectId, target, plan.hosts?.setId, now);
    if (target.credential !== undefined) await brokerCredential(tx, kms, projectId, target.id, target.credential, now);
  }
}

/** A role with its grants as it is seeded; new orgs and projects get theirs the same way. */
export function insertRole(tx: Tx, role: RoleSeed, now: Date): Promise<void> {
  const grants = role.grants.map((raw) => ({ raw, canonical: parseGrant(raw).canonical }));
  return store.insertRole(tx, { ...role, grants }, now);
}
