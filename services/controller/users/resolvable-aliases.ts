/** Which aliases a user can use: those that lead to a target on which the user has any action. */
import { invalidArgument } from '../../../lib/errors/errors';
import { Alias, type Alias as AliasMessage } from '../../../proto/gen/api/aliases';
import type { ListResolvableAliasesRequest } from '../../../proto/gen/api/users';
import { aliasItem, type AliasRow } from '../aliases/aliases';
import { selectLeadingAliases } from '../aliases/aliases.store';
import type { Allowed, Authz, Holdings } from '../authz/authz';
import type { ControllerDeps } from '../context';
import { sql } from '../db/db';
import { MESSAGE } from '../resources/fields';
import { list, type ListDefinition } from '../resources/list';
import { reachedScopes, type Reached } from '../resources/list-extent';
import type { Extent, Part } from '../resources/list-page';
import { allScopes, collectionIn } from '../resources/scope-lists';
import type { Op } from '../rpc/service';
import { TARGET_ACTIONS } from '../targets/targets';

/** What is shown of an alias to somebody who may use it but has no right on the alias itself. */
const FIELDS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'value',
  'destination_id',
  'attributes',
  'created_time',
  'updated_time',
  'version',
]);

/** Authorized by its target, so `scope` of its row is the target's. */
const definition: ListDefinition<AliasRow, ReturnType<typeof aliasItem>> = {
  type: 'alias',
  select: selectLeadingAliases,
  from: sql`from aliases r`,
  resource: (row) => ({
    type: 'target',
    id: row.destination_id!,
    scopeId: row.scope.id,
    parentScopeId: row.scope.parent_scope_id,
  }),
  actions: () => TARGET_ACTIONS,
  item: aliasItem,
  toJSON: (item: Partial<AliasMessage>) => Alias.toJSON(Alias.fromPartial(item)),
};

/** A page of them. */
export async function listResolvableAliases(
  deps: ControllerDeps,
  op: Op,
  allowed: Allowed<'user', 'list-resolvable-aliases'>,
  request: ListResolvableAliasesRequest,
) {
  if (allowed.id === 'u_recovery') {
    throw invalidArgument(MESSAGE.fields, [
      { name: 'principal_ids', description: 'Cannot list resolvable aliases for the recovery user.' },
    ]);
  }
  const holdings = await deps.authz.holdings(op, allowed.id);
  const asUser = { ...deps, authz: inTheNameOf(deps.authz, holdings) };
  const tree = await allScopes(deps.db.executor);
  const reached = await reachedScopes(op, 'target', { scopes: tree, tree }, (scope) =>
    holdings.reach(collectionIn('target', scope)),
  );
  return list(asUser, op, definition, leadingTo(reached), request);
}

/** The scope is looked up for each alias: a join would read all targets before the first page. */
const scopeOfTarget = sql`(select t.scope_id from targets t where t.id = r.destination_id)`;

/** The aliases that lead to reached targets. */
function leadingTo({ whole, ids, idScopes }: Reached): Extent {
  if (whole === 'everywhere') return [{ where: sql`r.destination_id is not null` }];
  const parts: Part[] = [];
  const inWhole = sql`${scopeOfTarget} = any(${whole}::text[])`;
  if (whole.length > 0) parts.push({ where: sql`r.destination_id is not null and ${inWhole}` });
  const single = sql`r.destination_id = any(${ids}::text[]) and ${scopeOfTarget} = any(${idScopes}::text[])`;
  if (ids.length > 0) parts.push({ where: sql`${single} and not ${inWhole}` });
  return parts;
}

/** The authorization point of lists with the rights of another user than the caller. */
const inTheNameOf = (authz: Authz, holdings: Holdings): Authz => ({
  actor: (op, at) => authz.actor(op, at),
  check: authz.check.bind(authz),
  checkAs: authz.checkAs.bind(authz),
  refuse: authz.refuse.bind(authz),
  holdings: (op, userId) => authz.holdings(op, userId),
  mayAny: (wanted, actions) => authz.mayAny(wanted, actions),
  grantsHash: () => Promise.resolve(holdings.grantsHash),
  reach: (op, collection) => authz.reach(op, collection),
  decide: () => Promise.resolve({ allowed: true, outputFields: FIELDS }),
  allowedActions: (_op, actions, resource) => Promise.resolve(holdings.hasAny(actions, resource) ? ['no-op'] : []),
});
