/**
 * Actions with a `:self` form, such as `read:self`: who holds it may perform the action on their
 * own items.
 */
import type { Op } from '../rpc/service';
import type { ActionOn, ResourceType } from './actions';
import type { Allowed, Authz, Item } from './authz';

/**
 * Authorizes the `:self` action. Items of others, and items without an owner, need the plain action
 * too.
 */
export async function checkOwn<T extends ResourceType, A extends ActionOn<T>, S extends ActionOn<T>>(
  authz: Authz,
  op: Op,
  [plain, self]: readonly [A, S],
  { item, ownerId }: { item: Item<T>; ownerId: string | null },
): Promise<Allowed<T, A> | Allowed<T, S>> {
  const own = await authz.check(op, self, item);
  if (ownerId !== null && own.actor.userId === ownerId) return own;
  return authz.check(op, plain, item);
}
