/** Actions with a `:self` form: everybody who holds it may perform them on what is theirs. */
import type { Op } from '../rpc/service';
import type { ActionOn, ResourceType } from './actions';
import type { Allowed, Authz, Item } from './authz';

/**
 * Authorizes the `:self` action; on items of others, and of nobody, the plain action is needed too.
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
