/**
 * Proofs for tests that call stores directly, without roles and requests. The only place besides
 * the authorizer that makes them.
 */
import type { ActionOn, ResourceType } from '../../services/controller/authz/actions';
import type { Actor, Allowed, AllowedIn } from '../../services/controller/authz/authz';
import { prove } from '../../services/controller/authz/proof';

interface Proven {
  scopeId?: string;
  parentScopeId?: string;
  pin?: string;
  actor?: Partial<Actor>;
}

const BY_GRANT = { allowed: true, outputFields: 'all' } as const;
const actorOf = (actor: Partial<Actor> = {}): Actor => ({
  userId: 'u_1234567890',
  accountId: undefined,
  authTokenId: undefined,
  ...actor,
});

/** Proof for an action on an item. */
export function proofOf<T extends ResourceType, const A extends ActionOn<T>>(
  type: T,
  action: A,
  id: string,
  { actor, scopeId = 'global', ...place }: Proven = {},
): Allowed<T, A> {
  return prove(actorOf(actor), action, { type, id, scopeId, ...place }, BY_GRANT) as Allowed<T, A>;
}

/** Proof for an action on the collection of a scope, or of the item that `pin` names. */
export function proofIn<T extends ResourceType, const A extends ActionOn<T>>(
  type: T,
  action: A,
  scopeId: string,
  pin?: string,
): AllowedIn<T, A> {
  return prove(actorOf(), action, { type, id: undefined, scopeId, pin }, BY_GRANT);
}
