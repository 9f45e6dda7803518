/** SQL of roles, one function per use case. */
import type { Allowed, AllowedToAdd, AllowedToRemove } from '../authz/authz';
import { changed, row, rows, sql, type Executor, type Tx } from '../db/db';
import { insertion, type NewRow } from '../resources/changes';
import { scopeColumn } from '../resources/rows';
import { isGrantScopeWord, type GrantScopeTarget, type RoleRow, type StoredGrant } from './roles';

const columns = sql`r.id, r.scope_id, r.name, r.description, r.created_time, r.updated_time, r.version, ${scopeColumn},
  array(select gs.grant_scope_id from role_grant_scopes gs where gs.role_id = r.id order by 1) as grant_scope_ids`;

export const selectRoles = sql`select ${columns} from roles r join scopes s on s.id = r.scope_id`;

export function findRole(on: Executor, id: string): Promise<RoleRow | undefined> {
  return row(
    on,
    sql`select ${columns},
          coalesce((select jsonb_agg(to_jsonb(p) - 'position' order by p.position) from (
            select u.id, 'user' as type, u.scope_id, rp.position from role_principals rp join users u on u.id = rp.user_id
              where rp.role_id = r.id
            union all
            select g.id, 'group', g.scope_id, rp.position from role_principals rp join groups g on g.id = rp.group_id
              where rp.role_id = r.id
            union all
            select m.id, 'managed group', m.scope_id, rp.position from role_principals rp
              join managed_groups m on m.id = rp.managed_group_id where rp.role_id = r.id
          ) p), '[]') as principals,
          coalesce((select jsonb_agg(jsonb_build_object('raw', g.raw, 'canonical', g.canonical) order by g.position, g.canonical collate "C")
            from role_grants g where g.role_id = r.id), '[]') as grants
        from roles r join scopes s on s.id = r.scope_id where r.id = ${id}`,
  );
}

/** A new role reaches its own scope. */
export async function insertRole(tx: Tx, allowed: Allowed<'role', 'create'>, made: NewRow): Promise<void> {
  await changed(
    tx,
    sql`with role as (${insertion(allowed, made)} returning id)
        insert into role_grant_scopes (role_id, special) select id, 'this' from role`,
  );
}

/**
 * Adds users, groups and managed groups that exist and are not principals yet; the number added.
 */
export function addPrincipals(
  tx: Tx,
  allowed: AllowedToAdd<'role', 'principals'>,
  ids: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`insert into role_principals (role_id, user_id, group_id, managed_group_id)
        select ${allowed.id}, p.user_id, p.group_id, p.managed_group_id
        from (
          select id, id as user_id, null as group_id, null as managed_group_id from users
          union all
          select id, null, id, null from groups
          union all
          select id, null, null, id from managed_groups
        ) p
        where p.id = any(${ids}::text[])
        order by array_position(${ids}::text[], p.id)
        on conflict do nothing`,
  );
}

export function removePrincipals(
  tx: Tx,
  allowed: AllowedToRemove<'role', 'principals'>,
  ids: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`delete from role_principals where role_id = ${allowed.id} and principal_id = any(${ids}::text[])`,
  );
}

/** Adds grants that are not there yet; the number added. */
export function addGrants(
  tx: Tx,
  allowed: AllowedToAdd<'role', 'grants'>,
  grants: readonly StoredGrant[],
): Promise<number> {
  const canonical = grants.map((grant) => grant.canonical);
  const raw = grants.map((grant) => grant.raw);
  return changed(
    tx,
    sql`insert into role_grants (role_id, canonical, raw)
        select ${allowed.id}, canonical, raw from unnest(${canonical}::text[], ${raw}::text[]) as g (canonical, raw)
        on conflict do nothing`,
  );
}

export function removeGrants(
  tx: Tx,
  allowed: AllowedToRemove<'role', 'grants'>,
  canonical: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`delete from role_grants where role_id = ${allowed.id} and canonical = any(${canonical}::text[])`,
  );
}

/** Those of the ids that are scopes. */
export const findGrantScopeTargets = (on: Executor, ids: readonly string[]): Promise<GrantScopeTarget[]> =>
  rows(on, sql`select id, type, scope_id from scopes where id = any(${ids}::text[])`);

export function addGrantScopes(
  tx: Tx,
  allowed: AllowedToAdd<'role', 'grant-scopes'>,
  values: readonly string[],
): Promise<number> {
  const words = values.filter(isGrantScopeWord);
  const ids = values.filter((value) => !isGrantScopeWord(value));
  return changed(
    tx,
    sql`insert into role_grant_scopes (role_id, special, scope_id)
        select ${allowed.id}, word, null from unnest(${words}::text[]) word
        union all
        select ${allowed.id}, null, id from scopes where id = any(${ids}::text[])`,
  );
}

export function removeGrantScopes(
  tx: Tx,
  allowed: AllowedToRemove<'role', 'grant-scopes'>,
  values: readonly string[],
): Promise<number> {
  return changed(
    tx,
    sql`delete from role_grant_scopes where role_id = ${allowed.id} and grant_scope_id = any(${values}::text[])`,
  );
}
