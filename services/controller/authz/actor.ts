/** Who acts on what. */
import type { ResourceType } from './actions';
import type { Resource as AnyResource } from './grants';

/** An item or a collection of a known type. */
export type Resource<T extends ResourceType = ResourceType> = AnyResource & { type: T };
export type Item<T extends ResourceType> = Resource<T> & { id: string };
export type Collection<T extends ResourceType> = Resource<T> & { id?: undefined };

/** Who acts. */
export interface Actor {
  /**
   * `u_anon` for callers without a valid token, `u_recovery` for those with a token of the recovery
   * key.
   */
  userId: string;
  accountId: string | undefined;
  /** Absent for anonymous callers and for the recovery user. */
  authTokenId: string | undefined;
}
