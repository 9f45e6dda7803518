/**
 * Where a list looks: one scope, or with `recursive` every scope below it that the caller may list
 * in.
 */
import { isIdOf } from '../../../lib/contract/id-prefixes';
import type { ResourceType } from '../authz/actions';
import type { Collection } from '../authz/authz';
import { existing, nowhereToList } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import { row, rows, sql, type Executor, type RawBuilder } from '../db/db';
import type { Op } from '../rpc/service';
import { FieldErrors, isScopeId, MESSAGE } from './fields';
import { chargeScope, extentOf, reachedScopes, type ScopeNode } from './list-extent';
import { list, type ListDefinition, type ListedRow, type ListRequest, type ListResponse } from './list';

/** The scope, or 404. */
export async function scopeNode(on: Executor, id: string): Promise<ScopeNode> {
  return existing(await row<ScopeNode>(on, sql`select id, type, scope_id from scopes where id = ${id}`));
}

/** Collection of a type in a scope, as a resource to authorize. */
export const collectionIn = <T extends ResourceType>(type: T, scope: ScopeNode): Collection<T> => ({
  type,
  scopeId: scope.id,
  parentScopeId: scope.scope_id ?? undefined,
});

/** Scopes to list in; throws 401 or 403 when there is none. */
async function listableScopes(
  deps: ControllerDeps,
  op: Op,
  type: ResourceType,
  request: { scope_id: string; recursive: boolean },
): Promise<{ scopes: ScopeNode[]; tree: ScopeNode[] }> {
  if (!request.recursive) {
    const scope = await scopeNode(deps.db.executor, request.scope_id);
    await deps.authz.check(op, 'list', collectionIn(type, scope));
    return { scopes: [scope], tree: [] };
  }
  await deps.authz.actor(op, 'everywhere');
  const tree = await allScopes(deps.db.executor);
  const root = existing(tree.find((scope) => scope.id === request.scope_id));
  const allowed = new Set<string>();
  for (const scope of tree) {
    await chargeScope(op.work);
    if ((await deps.authz.decide(op, 'list', collectionIn(type, scope))).allowed) allowed.add(scope.id);
  }
  const scopes = below(tree, root).filter(
    (scope) => allowed.has(scope.id) || allowed.has(scope.scope_id ?? '') || allowed.has('global'),
  );
  if (scopes.length === 0) await deps.authz.refuse(op, 'list', collectionIn(type, root), nowhereToList);
  return { scopes, tree };
}

/** The scope tree; it is small beside what is in it. */
export const allScopes = (on: Executor): Promise<ScopeNode[]> =>
  rows<ScopeNode>(on, sql`select id, type, scope_id from scopes`);

/** The root and all scopes below it, at most two levels. */
function below(tree: readonly ScopeNode[], root: ScopeNode): ScopeNode[] {
  const children = new Set(tree.filter((scope) => scope.scope_id === root.id).map((scope) => scope.id));
  return tree.filter((scope) => scope === root || children.has(scope.id) || children.has(scope.scope_id ?? ''));
}

/** Checks the scope of a list of what lives in projects only. */
export function checkProjectList(request: { scope_id: string; recursive: boolean }): void {
  const fits = request.recursive ? isScopeId(request.scope_id) : isIdOf(request.scope_id, 'scope', 'project');
  new FieldErrors()
    .require(fits, 'scope_id', 'This field must be a valid project scope ID or the list operation must be recursive.')
    .throwIfAny(MESSAGE.identifier);
}

/**
 * Lists a type that lives in scopes. `request.scope_id` has been checked for its form; `only`
 * leaves out further rows.
 */
export async function listInScopes<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  op: Op,
  definition: ListDefinition<R, I>,
  request: ListRequest & { scope_id: string; recursive: boolean },
  only: RawBuilder<unknown> = sql`true`,
): Promise<ListResponse<Partial<I>>> {
  const { type, owner } = definition;
  const { scopes, tree } = await listableScopes(deps, op, type, request);
  const ownerId = owner === undefined ? undefined : (await deps.authz.actor(op, collectionIn(type, scopes[0]!))).userId;
  const reach = (scope: ScopeNode) => deps.authz.reach(op, collectionIn(type, scope));
  const reached = await reachedScopes(op, type, { scopes, tree }, reach);
  return list(deps, op, definition, extentOf(reached, { column: sql`r.scope_id`, ownerId, only }), request);
}
