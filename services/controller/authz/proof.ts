/**
 * Proofs of what was allowed. A proof names the type of the resource and the action, and carries
 * the id and the scope; stores take them from there and nowhere else, so that what is changed is
 * what was authorized. Only the authorizer calls {@link prove}; test/tidy holds that.
 */
import { typeOfId, type ActionOn, type ResourceType } from './actions';
import type { Actor, Resource } from './actor';
import type { Decision } from './grants';

/** The private part makes the type nominal: no literal, copy or spread of a proof is one. */
class Proof<out T extends ResourceType, out A extends string, out Id extends string | undefined> {
  readonly #facts: ProvenFacts<T, A, Id>;

  constructor(facts: ProvenFacts<T, A, Id>) {
    this.#facts = facts;
    Object.freeze(this);
  }

  get action(): A {
    return this.#facts.action;
  }
  /** The resource that was authorized; for a creation, the collection. */
  get resource(): Resource<T> {
    return this.#facts.resource;
  }
  /** Item that may be acted on or made; undefined for a collection. */
  get id(): Id {
    return this.#facts.id;
  }
  /** Scope that it lives in. */
  get scopeId(): string {
    return this.#facts.resource.scopeId;
  }
  /** Item that it is a child of. */
  get pin(): string | undefined {
    return this.#facts.resource.pin;
  }
  get actor(): Actor {
    return this.#facts.actor;
  }
  get decision(): Decision {
    return this.#facts.decision;
  }

  /** The proof for one item of the collection that does not exist yet. */
  static forNew<T extends ResourceType, A extends string>(proof: Proof<T, A, undefined>, id: string) {
    return new Proof({ ...proof.#facts, id });
  }
}

interface ProvenFacts<T extends ResourceType, A extends string, Id extends string | undefined> {
  action: A;
  resource: Resource<T>;
  id: Id;
  actor: Actor;
  decision: Decision;
}

/** Proof that one of the actions was allowed on an item, or that an item may be made. */
export type Allowed<T extends ResourceType, A extends ActionOn<T>> = A extends unknown ? Proof<T, A, string> : never;

/** Proof that an action was allowed on a collection. */
export type AllowedIn<T extends ResourceType, A extends ActionOn<T>> = Proof<T, A, undefined>;

/** Proof that the items of a collection may be listed, whatever the type. */
export type AllowedList<T extends ResourceType> = Proof<T, 'list', undefined>;
/** Proof that an item may be deleted, whatever the type. */
export type AllowedDeletion = Proof<ResourceType, 'delete', string>;

/** Any proof, for what only looks at who was allowed and what may be shown. */
export type AnyAllowed = Proof<ResourceType, string, string | undefined>;

/** Proof of one action on one item, for code that is the same for all types. */
export type AllowedAs<T extends ResourceType, A extends string> = Proof<T, A, string>;
/** The same for a collection. */
export type AllowedInAs<T extends ResourceType, A extends string> = Proof<T, A, undefined>;

/** Proof of any action on one item. */
export type AllowedItem<T extends ResourceType = ResourceType> = Proof<T, string, string>;

/** Proof that an item may be made, whatever the type. */
export type AllowedCreation<T extends ResourceType = ResourceType> = Proof<T, NewAction, string>;
/** Actions that change an item. The schema has no type with another one that stores call by it. */
type ChangeAction = 'update' | 'change-state' | 'change-password' | 'set-password' | ListEdit<string>;
/** Proof that an item may be changed, whatever the type. */
export type AllowedChange<T extends ResourceType = ResourceType> = Proof<T, ChangeAction, string>;

/** Actions that add to a list that a resource has, replace it, or remove from it. */
export type ListVerb = 'add' | 'set' | 'remove';
/** Their names, as in `add-members`. */
export type ListEdit<W extends string> = `${ListVerb}-${W}`;
/** Proofs of edits that may add values to a list, and of those that may remove some. */
export type AllowedToAdd<T extends ResourceType, W extends string> = Proof<T, `add-${W}` | `set-${W}`, string>;
export type AllowedToRemove<T extends ResourceType, W extends string> = Proof<T, `remove-${W}` | `set-${W}`, string>;
export type AllowedEdit<T extends ResourceType, W extends string> = Proof<T, ListEdit<W>, string>;

export const mayAdd = <T extends ResourceType, W extends string>(
  allowed: AllowedEdit<T, W>,
): allowed is AllowedToAdd<T, W> & AllowedEdit<T, W> => !allowed.action.startsWith('remove-');
export const mayRemove = <T extends ResourceType, W extends string>(
  allowed: AllowedEdit<T, W>,
): allowed is AllowedToRemove<T, W> & AllowedEdit<T, W> => !allowed.action.startsWith('add-');

export type CreateAction<T extends ResourceType> = Extract<ActionOn<T>, NewAction>;
type NewAction = 'create' | `create:${string}`;

/** Turns the right to make items of a collection into the proof for one with a new id. */
export function toMake<T extends ResourceType, A extends NewAction>(
  allowed: Proof<T, A, undefined>,
  id: string,
): A extends unknown ? Proof<T, A, string> : never;
export function toMake(allowed: Proof<ResourceType, NewAction, undefined>, id: string): AllowedItem {
  const { type } = allowed.resource;
  if (typeOfId(id) !== type) throw new Error(`${id} is no id of this type: ${type}`);
  return Proof.forNew(allowed, id);
}

/** Makes a proof. Only the authorizer may call this. */
export function prove<T extends ResourceType, A extends ActionOn<T>, I extends string | undefined>(
  actor: Actor,
  action: A,
  resource: Resource<T> & { id?: I },
  decision: Decision,
): Proof<T, A, I> {
  return new Proof({ action, resource, id: resource.id as I, actor, decision });
}
