/**
 * What the add, set and remove actions of roles do to principals, grants and grant scopes. Each
 * plan is made from the role as it was read, and runs only if the role's version is still that one.
 */
import { invalidArgument } from '../../../lib/errors/errors';
import type { AllowedEdit } from '../authz/authz';
import { mayAdd, mayRemove } from '../authz/proof';
import { notFound } from '../authz/refusal';
import type { Executor } from '../db/db';
import type { Plan } from '../resources/list-editors';
import { listChanges, unable, verbOf, without, type ListVerb } from '../resources/list-edits';
import {
  grantScopeProblem,
  isGrantScopeWord,
  isMisplaced,
  normalGrantScope,
  type RoleRow,
  type StoredGrant,
} from './roles';
import * as store from './roles.store';

/** Lists that a role has. */
export type EditedList = 'principals' | 'grants' | 'grant-scopes';
type Editing<W extends EditedList> = AllowedEdit<'role', W>;

export function planPrincipals(role: RoleRow, allowed: Editing<'principals'>, ids: readonly string[]): Plan {
  const current = (role.principals ?? []).map((principal) => principal.id);
  const verb = verbOf(allowed.action);
  const { added, removed } = listChanges(verb, current, ids);
  if (added.length + removed.length === 0) return undefined;
  return async (tx) => {
    if (mayRemove(allowed) && (await store.removePrincipals(tx, allowed, removed)) !== removed.length) {
      throw invalidArgument(`${unable(verb, 'principals', 'role')}: not all of them are principals of it.`, [
        { name: 'principal_ids', description: 'Must only contain principals of the role.' },
      ]);
    }
    if (mayAdd(allowed) && (await store.addPrincipals(tx, allowed, added)) !== added.length) {
      const description = 'Must only contain existing users, groups and managed groups that are not principals yet.';
      throw invalidArgument(
        `${unable(verb, 'principals', 'role')}: not all of them exist and are not principals yet.`,
        [{ name: 'principal_ids', description }],
      );
    }
  };
}

/** Removing grants that the role does not have is no mistake. */
export function planGrants(role: RoleRow, allowed: Editing<'grants'>, grants: readonly StoredGrant[]): Plan {
  const current = (role.grants ?? []).map((grant) => grant.canonical);
  const verb = verbOf(allowed.action);
  const { added, removed } = listChanges(
    verb,
    current,
    grants.map((grant) => grant.canonical),
  );
  if (added.length + removed.length === 0) return undefined;
  return async (tx) => {
    if (mayRemove(allowed)) await store.removeGrants(tx, allowed, removed);
    if (!mayAdd(allowed)) return;
    const adding = new Set(added);
    const fresh = grants.filter((grant) => adding.has(grant.canonical));
    if ((await store.addGrants(tx, allowed, fresh)) !== fresh.length) {
      throw invalidArgument(`${unable(verb, 'grants', 'role')}: it already has one of them.`, [
        { name: 'grant_strings', description: 'Must only contain grants that the role does not have.' },
      ]);
    }
  };
}

/** Adding what is there and removing what is not changes nothing. */
export async function planGrantScopes(
  on: Executor,
  role: RoleRow,
  allowed: Editing<'grant-scopes'>,
  values: readonly string[],
): Promise<Plan> {
  const current = role.grant_scope_ids;
  const edit = verbOf(allowed.action);
  // Only added values are replaced by `this`: removing a role's own scope by its id has never
  // removed anything.
  const wanted = [...new Set(edit === 'remove' ? values : values.map((value) => normalGrantScope(role, value)))];
  // A request that sets both keeps the narrower one, as always; clients send such requests.
  const kept =
    edit === 'set' && wanted.includes('children') ? wanted.filter((value) => value !== 'descendants') : wanted;
  const { added, removed } = listChanges(edit, current, kept);
  const fresh = without(added, current);
  const had = new Set(current);
  const gone = removed.filter((value) => had.has(value));
  if (fresh.length + gone.length === 0) return undefined;
  if (fresh.length > 0) await checkResult(on, role, edit, [...without(current, gone), ...fresh]);
  return async (tx) => {
    if (mayRemove(allowed)) await store.removeGrantScopes(tx, allowed, gone);
    if (!mayAdd(allowed)) return;
    if ((await store.addGrantScopes(tx, allowed, fresh)) !== fresh.length) {
      throw notFound('Unable to find requested resource.');
    }
  };
}

async function checkResult(on: Executor, role: RoleRow, verb: ListVerb, values: readonly string[]): Promise<void> {
  const targets = await store.findGrantScopeTargets(
    on,
    values.filter((value) => !isGrantScopeWord(value)),
  );
  const problem = grantScopeProblem(role, values, targets);
  if (problem === undefined) return;
  const misplaced = values.some((value) => isMisplaced(role, value));
  const message = misplaced ? 'Invalid grant scope.' : `${unable(verb, 'grant scopes', 'role')}: ${problem}`;
  throw invalidArgument(message, [{ name: 'grant_scope_ids', description: problem }]);
}
