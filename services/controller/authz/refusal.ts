/**
 * Which of 401, 403 and 404 a caller gets. The order is the same for every handler: 404 when there
 * is no such item, then 401 to callers without a good token, then 403 to all others. What refuses
 * for another reason than a grant is here too.
 */
import { ApiError, type ErrorKind } from '../../../lib/errors/errors';
import type { Actor } from './authz';

const isAnonymous = ({ userId }: Actor): boolean => userId === 'u_anon';

const unauthenticated = (): ApiError => new ApiError('Unauthenticated', 'Unauthenticated, or invalid token.');
const forbidden = (): ApiError => new ApiError('PermissionDenied', 'Forbidden.');

/** No grant allows it. */
export const denied = (actor: Actor): ApiError => (isAnonymous(actor) ? unauthenticated() : forbidden());

/** The refusal of a list that has no scope to look at. Clients expect 403, whoever asks. */
export const nowhereToList = (): ApiError => forbidden();

/** There is none, or it is gone meanwhile. */
export const notFound = (message = 'Resource not found.', shown?: { shownKind: ErrorKind }): ApiError =>
  new ApiError('NotFound', message, shown);

/** What was looked up; 404 when there is no such thing. */
export function existing<T>(found: T | undefined): T {
  if (found === undefined) throw notFound();
  return found;
}

/**
 * Looks up something whose name a person can guess: an alias, the name of a scope or target, or an
 * id that follows from a login name. The result tells whether it exists, so anonymous callers
 * always get 401. All other ids are random and need no such care.
 */
export async function guessable<T>(actor: () => Promise<Actor>, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw error instanceof ApiError && isAnonymous(await actor()) ? unauthenticated() : error;
  }
}

/**
 * A caller's token. Some users have none and may be granted the action all the same, such as the
 * recovery user.
 */
export function ownToken({ authTokenId }: Actor): string {
  if (authTokenId === undefined) throw forbidden();
  return authTokenId;
}

/** Refuses a caller who lost the right while the request was under way. */
export function stillAllowed(actor: Actor, may: boolean): void {
  if (!may) throw denied(actor);
}

/** Wrong, unknown and disabled logins get the same answer. */
export const badLogin = (): ApiError => new ApiError('Unauthenticated', 'Unable to authenticate.');

/** Refuses a change of the password by somebody who does not know it. */
export function knowsPassword(right: boolean): void {
  if (!right) throw new ApiError('PermissionDenied', 'Failed to change password.');
}
