/** Which rows of the listed scopes a list looks at: those that its caller has an action on. */
import type { Work } from '../../../lib/limits/work';
import { livesIn } from '../authz/actions';
import type { Reach } from '../authz/authz';
import { sql, type RawBuilder } from '../db/db';
import type { Op } from '../rpc/service';
import type { Extent, Part } from './list-page';

/** A scope as far as decisions need it. */
export interface ScopeNode {
  id: string;
  type: 'global' | 'org' | 'project';
  /** Parent; null for the global scope. */
  scope_id: string | null;
}

/** The part of one type that somebody has an action on, in some scopes. */
export interface Reached {
  /**
   * Scopes in which all items are reached; `everywhere` when these are all scopes that hold the
   * type.
   */
  whole: string[] | 'everywhere';
  /** Scopes where it is what the caller owns. */
  own: string[];
  /** Single items, in any of these scopes. */
  ids: string[];
  idScopes: string[];
}

/** Measured steps of a decision on one scope, and of an item that is named there. */
const SCOPE_STEPS = 1_000;
const NAMED_STEPS = 10;

/** To be called before the decision on each of many scopes: others get their turn in between. */
export async function chargeScope(work: Work): Promise<void> {
  work.charge(SCOPE_STEPS);
  if (work.isDue) await work.breathe();
}

/**
 * Sorts `scopes` by what is reached in them. The answer is never `everywhere` without a `tree` of
 * all scopes.
 */
export async function reachedScopes(
  { work }: Op,
  type: string,
  { scopes, tree }: { scopes: readonly ScopeNode[]; tree: readonly ScopeNode[] },
  reach: (scope: ScopeNode) => Reach | Promise<Reach>,
): Promise<Reached> {
  const whole: string[] = [];
  const own: string[] = [];
  const idScopes: string[] = [];
  const ids = new Set<string>();
  for (const scope of scopes.filter((one) => livesIn(type, one.type))) {
    await chargeScope(work);
    const found = await reach(scope);
    work.charge(NAMED_STEPS * found.ids.length);
    if (found.everything) whole.push(scope.id);
    else if (found.own) own.push(scope.id);
    if (found.ids.length > 0) idScopes.push(scope.id);
    for (const id of found.ids) ids.add(id);
  }
  const homes = tree.filter((one) => livesIn(type, one.type)).length;
  const everywhere = homes > 1 && whole.length === homes;
  return { whole: everywhere ? 'everywhere' : whole, own, idScopes, ids: [...ids] };
}

/** Planning a merge of more scopes takes longer than reading a page of each. */
const MAX_MERGED_SCOPES = 100;

/**
 * The extent of `reached`. `column` holds the scope that rights are about. Rows whose `user_id` is
 * `ownerId` belong to the caller.
 */
export function extentOf(
  reached: Reached,
  { column, ownerId, only }: { column: RawBuilder<unknown>; ownerId: string | undefined; only: RawBuilder<unknown> },
): Extent {
  const { whole, own, ids, idScopes } = reached;
  // Ended sessions outlive their project.
  if (whole === 'everywhere') return [{ where: sql`${column} is not null and ${only}` }];
  const parts: Part[] = [];
  const single = sql`r.id = any(${ids}::text[]) and ${column} = any(${idScopes}::text[])`;
  if (ids.length > 0) parts.push({ where: sql`${single} and ${only}` });
  if (own.length > 0 && ownerId !== undefined) {
    const rest = ids.length > 0 ? sql`and not (${single})` : sql``;
    // Without `coalesce` the planner expects so few rows that it reads and sorts all of them.
    const within = sql`coalesce(${column} = any(${own}::text[]), false)`;
    parts.push({ where: sql`r.user_id = ${ownerId} and ${within} ${rest} and ${only}` });
  }
  if (whole.length > MAX_MERGED_SCOPES) parts.push({ where: sql`${column} = u.scope_id and ${only}`, each: whole });
  else parts.push(...whole.map((id) => ({ where: sql`${column} = ${id} and ${only}` })));
  return parts;
}
