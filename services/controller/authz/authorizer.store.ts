/**
 * SQL of authorization. What a holder (a user, or everybody: `u_auth`, `u_anon`) has from the roles
 * of a scope is loaded with a tag that changes with it, and only when the tag is not the one that
 * is known already.
 */
import { rows, sql, type Executor, type RawBuilder } from '../db/db';

/** A role that is held: its id, its grant scopes and its grants in their canonical form. */
export type RoleContent = [id: string, grantScopes: string[], grants: string[]];

/** What a holder has from the roles of a scope, loaded anew, or what the holder still has. */
export type AccessRow =
  | {
      holder: string;
      scope_id: string;
      /** Tells this content from every other one. */
      tag: string;
      /** Null: none. */
      roles: RoleContent[] | null;
      unchanged: null;
    }
  /** Scopes whose known tag is the current one. */
  | { holder: string; scope_id: null; unchanged: string[] };

/** The scopes whose roles are looked at; `below` adds the scopes right below that one. */
export type Places = { scopes: readonly string[]; below: string | undefined } | 'everywhere';

/** Tags that need not be loaded again. */
export interface Known {
  holders: string[];
  scopes: string[];
  tags: string[];
}

/**
 * Pairs of holder `h.holder` and scope `v.scope_id` with roles. `holders` is a select of one
 * column.
 */
function pairsAt(holders: RawBuilder<unknown>, places: Places): RawBuilder<unknown> {
  const pairs = sql`(${holders}) h (holder) cross join scope_access_versions v`;
  if (places === 'everywhere') return pairs;
  const below =
    places.below === undefined ? sql`` : sql`union select s.id from scopes s where s.scope_id = ${places.below}`;
  return sql`(${holders}) h (holder) cross join (select unnest(${places.scopes}::text[]) ${below}) p (scope_id)
    join scope_access_versions v on v.scope_id = p.scope_id`;
}

/** Common table expressions; the last one, `access`, has the rows of {@link AccessRow}. */
const accessOf = (pairs: RawBuilder<unknown>, known: Known): RawBuilder<unknown> => sql`
  wanted as materialized (
    select h.holder, v.scope_id, concat(u.version, v.version) as tag, k.tag as known
    from ${pairs}
    left join user_access_versions u on u.user_id = h.holder
    left join unnest(${known.holders}::text[], ${known.scopes}::text[], ${known.tags}::text[]) k (holder, scope_id, tag)
      on k.holder = h.holder and k.scope_id = v.scope_id
  ),
  access as (
    select holder, scope_id, tag, held_roles(holder, scope_id) as roles, null::text[] as unchanged
    from wanted where known is distinct from tag
    union all
    select holder, null, null, null, array_agg(scope_id) from wanted where known = tag group by holder
  )`;

/**
 * Common table expressions behind `token`: what its user has, with the rows of {@link AccessRow} as
 * `access`.
 */
export const accessOfToken = (places: Places, known: Known): RawBuilder<unknown> =>
  accessOf(
    pairsAt(
      sql`select user_id from token union select everybody from token, unnest(array['u_auth', 'u_anon']) everybody`,
      places,
    ),
    known,
  );

/** What changed of that which the holders have. */
export const loadAccess = (
  on: Executor,
  holders: readonly string[],
  places: Places,
  known: Known,
): Promise<AccessRow[]> =>
  rows(on, sql`with ${accessOf(pairsAt(sql`select unnest(${holders}::text[])`, places), known)} select * from access`);

/** The same of single pairs of a holder and a scope. */
export const loadAccessOfPairs = (
  on: Executor,
  pairs: { holders: readonly string[]; scopes: readonly string[] },
  known: Known,
): Promise<AccessRow[]> =>
  rows(
    on,
    sql`with ${accessOf(
      sql`unnest(${pairs.holders}::text[], ${pairs.scopes}::text[]) h (holder, scope_id)
        join scope_access_versions v on v.scope_id = h.scope_id`,
      known,
    )} select * from access`,
  );
