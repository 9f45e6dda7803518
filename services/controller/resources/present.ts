/** Last step of every handler: which actions the caller has on the item, and which fields it may see. */
import type { Authz, Resource } from '../authz/authz';
import type { CollectionBelow } from '../authz/actions';
import type { Decision } from '../authz/grants';
import type { Op } from '../rpc/service';

/** What anonymous callers see when no grant names output fields. */
const ANONYMOUS_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'scope',
  'scope_id',
  'plugin_id',
  'plugin',
  'name',
  'description',
  'type',
  'is_primary',
  'primary_auth_method_id',
  'authorized_actions',
  'authorized_collection_actions',
]);

/** Keeps the fields that the decision lets through. */
export function cutFields<T extends object>(item: T, decision: Decision): Partial<T> {
  const fields = decision.outputFields;
  if (fields === 'all') return item;
  const visible = fields === 'default-anonymous' ? ANONYMOUS_FIELDS : fields;
  return Object.fromEntries(Object.entries(item).filter(([name]) => visible.has(name))) as Partial<T>;
}

/** Collections below an item. */
export interface Below {
  collections: readonly CollectionBelow[];
  /** The collection of a type as a resource to authorize. */
  resource(type: string): Resource;
}

/** Actions of the caller on the collections below an item, by plural name; undefined when there is none. */
export async function collectionActionsOf(
  authz: Authz,
  op: Op,
  below: Below | undefined,
): Promise<Record<string, string[]> | undefined> {
  const allowed: Record<string, string[]> = {};
  for (const { plural, type, actions } of below?.collections ?? []) {
    const some = await authz.allowedActions(op, actions, below!.resource(type));
    if (some.length > 0) allowed[plural] = some;
  }
  return Object.keys(allowed).length === 0 ? undefined : allowed;
}

/** Adds what the caller may do with the item and below it, and keeps the fields that the decision lets through. */
export async function present<T extends object>(
  authz: Authz,
  op: Op,
  shown: { decision: Decision; resource: Resource; actions: readonly string[]; below?: Below | undefined },
  item: T,
): Promise<
  Partial<T & { authorized_actions: string[]; authorized_collection_actions: Record<string, string[]> | undefined }>
> {
  const authorized_actions = await authz.allowedActions(op, shown.actions, shown.resource);
  const authorized_collection_actions = await collectionActionsOf(authz, op, shown.below);
  return cutFields({ ...item, authorized_actions, authorized_collection_actions }, shown.decision);
}
