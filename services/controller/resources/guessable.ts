/**
 * Looking up what a person can guess: an alias, the name of a scope or a target, an id that follows from a login name. What
 * comes of it tells whether there is such a thing, so anonymous callers learn nothing: they get 401, whatever the reason.
 * All other ids are random and need no such care.
 */
import { ApiError } from '../../../lib/errors/errors';
import type { Authz } from '../authz/authz';
import type { Op } from '../rpc/service';

/** The result of `look`; of its refusals anonymous callers only see 401. */
export async function guessable<T>(authz: Authz, op: Op, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ApiError) || (await authz.actor(op)).userId !== 'u_anon') throw error;
    throw new ApiError('Unauthenticated', 'Unauthenticated, or invalid token.');
  }
}
