/** Actions that add to a list that a resource has, replace it, or remove from it. */
export type ListVerb = 'add' | 'set' | 'remove';

/** What an action does to the list `current`. Both `current` and `wanted` name everything once. */
export function listChanges(
  verb: ListVerb,
  current: readonly string[],
  wanted: readonly string[],
): { added: string[]; removed: string[] } {
  switch (verb) {
    case 'add':
      return { added: [...wanted], removed: [] };
    case 'remove':
      return { added: [], removed: [...wanted] };
    case 'set':
      return {
        added: wanted.filter((id) => !current.includes(id)),
        removed: current.filter((id) => !wanted.includes(id)),
      };
  }
}
