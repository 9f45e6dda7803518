/** What the actions do that add to a list of an item, replace it, or remove from it. */
import type { ListEdit, ListVerb } from '../authz/proof';

export type { ListEdit, ListVerb } from '../authz/proof';

/** What an action such as `add-members` does. */
export const verbOf = (action: ListEdit<string>): ListVerb => action.slice(0, action.indexOf('-')) as ListVerb;

/** What stands between the list and its owner: `Unable to set principals on role`. */
const OWNER = { role: 'on role', user: 'for the user' } as const;

/**
 * Beginning of what a refusal of an action says, as clients know it: `Unable to add members to
 * group`.
 */
export function unable(verb: ListVerb, list: string, owner: string): string {
  const set = Object.hasOwn(OWNER, owner) ? OWNER[owner as keyof typeof OWNER] : `in ${owner}`;
  return `Unable to ${verb} ${list} ${{ add: `to ${owner}`, set, remove: `from ${owner}` }[verb]}`;
}

export interface ListChanges {
  added: string[];
  removed: string[];
}

/** What an action does to the list `current`. Both `current` and `wanted` name everything once. */
export function listChanges(verb: ListVerb, current: readonly string[], wanted: readonly string[]): ListChanges {
  switch (verb) {
    case 'add':
      return { added: [...wanted], removed: [] };
    case 'remove':
      return { added: [], removed: [...wanted] };
    case 'set':
      return { added: without(wanted, current), removed: without(current, wanted) };
  }
}

/**
 * The values that are not among the others: both lists may be long, so the time must not grow with
 * their product.
 */
export function without(values: readonly string[], others: readonly string[]): string[] {
  const unwanted = new Set(others);
  return values.filter((value) => !unwanted.has(value));
}
