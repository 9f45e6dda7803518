/**
 * The one authorization point. Handlers look the item up (404 comes first), ask {@link Authz.check}
 * and get a proof that stores require; every decision emits an audit event.
 */
import type { ApiError } from '../../../lib/errors/errors';
import type { Op } from '../rpc/service';
import type { ActionOn, ResourceType } from './actions';
import type { Decision } from './grants';
import type { Actor, Collection, Item, Resource } from './actor';
import type { Allowed, AllowedAs, AllowedIn, AllowedInAs } from './proof';

export type { Actor, Collection, Item, Resource } from './actor';
export type {
  Allowed,
  AllowedAs,
  AllowedChange,
  AllowedCreation,
  AllowedDeletion,
  AllowedEdit,
  AllowedIn,
  AllowedInAs,
  AllowedItem,
  AllowedList,
  AllowedToAdd,
  AllowedToRemove,
  AnyAllowed,
  CreateAction,
} from './proof';

/**
 * The part of a collection that somebody has an action on: all of it, what they own, or single
 * items.
 */
export interface Reach {
  everything: boolean;
  /** Their own items, by `:self` actions. */
  own: boolean;
  ids: readonly string[];
}

/** The rights of a user, without an operation of its own. */
export interface Holdings {
  /** See {@link Authz.reach}. */
  reach(collection: Resource): Reach;
  /** Whether the user has any of the actions on the resource. */
  hasAny(actions: readonly string[], resource: Resource): boolean;
  grantsHash: string;
}

/** A user and what it is asked about. */
export interface Wanted {
  userId: string;
  resource: Resource;
}

export interface Authz {
  /**
   * Resolves the caller's token, once per operation. A bad token makes an anonymous actor. `at` is
   * the resource that will be decided on. Requests that look at many scopes pass `everywhere`;
   * their further decisions then need no statement.
   */
  actor(op: Op, at?: Resource | 'everywhere'): Promise<Actor>;
  /** The proof; or throws what refusal.ts says. */
  check<T extends ResourceType, const A extends ActionOn<T>>(op: Op, action: A, item: Item<T>): Promise<Allowed<T, A>>;
  check<T extends ResourceType, const A extends ActionOn<T>>(
    op: Op,
    action: A,
    collection: Collection<T>,
  ): Promise<AllowedIn<T, A>>;
  /**
   * {@link check} for code that is the same for all types: the action comes from the noun's table,
   * where the compiler cannot look it up for a type that it does not know.
   */
  checkAs<T extends ResourceType, const A extends string>(op: Op, action: A, item: Item<T>): Promise<AllowedAs<T, A>>;
  checkAs<T extends ResourceType, const A extends string>(
    op: Op,
    action: A,
    collection: Collection<T>,
  ): Promise<AllowedInAs<T, A>>;
  /** Refuses what no grant can allow, with the audit event of {@link check}. */
  refuse(op: Op, action: string, resource: Resource, refusal?: (actor: Actor) => ApiError): Promise<never>;
  /** The same decision without an error or an audit event: for lists and authorized_actions. */
  decide(op: Op, action: string, resource: Resource): Promise<Decision>;
  /**
   * The part of the collection that a list looks at: it has all items for which
   * {@link allowedActions} is not empty.
   */
  reach(op: Op, collection: Resource): Promise<Reach>;
  /** Those of `actions` that the caller may perform on the resource. */
  allowedActions(op: Op, actions: readonly string[], resource: Resource): Promise<string[]>;
  /**
   * Hash of those of the caller's grants that were looked at so far; list tokens are bound to it.
   */
  grantsHash(op: Op): Promise<string>;
  /** What any user holds, alone and through groups, independent of the caller. */
  holdings(op: Op, userId: string): Promise<Holdings>;
  /**
   * Whether users have any of the actions on resources, in one statement; in the order of `wanted`.
   */
  mayAny(wanted: readonly Wanted[], actions: readonly string[]): Promise<boolean[]>;
}
