/** `authorized_collection_actions`: what the caller may do with the collections below an item. */
import type { Op } from '../rpc/service';
import type { CollectionBelow } from './actions';
import type { Authz, Resource } from './authz';

/**
 * The allowed actions by the plural name of each collection. Collections without any are left out;
 * the answer is undefined when there are none. `at` is where the collections are: their scope, and
 * for children of an item its id as `pin`.
 */
export async function authorizedCollectionActions(
  authz: Authz,
  op: Op,
  collections: readonly CollectionBelow[],
  at: Pick<Resource, 'scopeId' | 'parentScopeId' | 'pin'>,
): Promise<Record<string, string[]> | undefined> {
  const allowed: Record<string, string[]> = {};
  for (const { plural, type, actions } of collections) {
    const found = await authz.allowedActions(op, actions, { type, ...at });
    if (found.length > 0) allowed[plural] = found;
  }
  return Object.keys(allowed).length === 0 ? undefined : allowed;
}
