/** Actions with a `:self` form: everybody who holds it may perform them on what is theirs. */
import type { Op } from '../rpc/service';
import type { Allowed, Authz, Resource } from './authz';

/** Authorizes `action:self`; on items of others, and of nobody, the plain action is needed too. */
export async function checkOwn<A extends string>(
  authz: Authz,
  op: Op,
  action: A,
  resource: Resource,
  ownerId: string | null,
): Promise<Allowed<A>> {
  const own = await authz.check(op, `${action}:self`, resource);
  if (ownerId !== null && own.actor.userId === ownerId) return own as Allowed as Allowed<A>;
  return authz.check(op, action, resource);
}
