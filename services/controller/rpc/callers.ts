/**
 * Finds the user of a token, for limits only, so that a request counts for its user before it is
 * looked at. What a request may do is decided elsewhere, each time anew.
 */
import { tokenHash, type KnownTokens } from '../auth-tokens/known-tokens';

export interface Callers {
  /** The user of a token that was good a moment ago. */
  find(token: string | undefined): string | undefined;
  /** The user of a token; looks it up unless the token was valid a moment ago. */
  vouch(token: string | undefined): Promise<string | undefined>;
}

/** `verify` looks a token up and answers its user. */
export function createCallers(known: KnownTokens, verify: (token: string) => Promise<string | undefined>): Callers {
  const find: Callers['find'] = (token) => (token === undefined ? undefined : known.userOf(tokenHash(token)));
  return { find, vouch: async (token) => find(token) ?? (token === undefined ? undefined : verify(token)) };
}
