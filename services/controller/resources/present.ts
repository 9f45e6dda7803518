/**
 * Last step of every handler: which actions the caller has on the item, and which fields it may
 * see.
 */
import type { Authz, Resource } from '../authz/authz';
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

/** Adds `authorized_actions` and keeps the fields that the decision lets through. */
export async function present<T extends object>(
  authz: Authz,
  op: Op,
  shown: { decision: Decision; resource: Resource; actions: readonly string[] },
  item: T,
): Promise<Partial<T & { authorized_actions: string[] }>> {
  const authorized_actions = await authz.allowedActions(op, shown.actions, shown.resource);
  return cutFields({ ...item, authorized_actions }, shown.decision);
}
