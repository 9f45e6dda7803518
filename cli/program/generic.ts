/**
 * `read ID`, `update ID` and `delete ID`: the kind of the resource follows from the prefix of its
 * id.
 */

import { PLURALS, PREFIXES } from '../../proto/gen/nouns/prefixes';

interface Kind {
  noun: string;
  /** Word behind `update`. */
  kind?: string;
}

/**
 * `group` of `groups` tells no kinds apart; orgs and projects are changed alike; hosts of plugins
 * are not changed.
 */
function wordOf(noun: string, kind: string): string | undefined {
  const isOnly = noun.endsWith(`${kind}s`);
  return isOnly || noun === 'scopes' || (noun === 'hosts' && kind === 'plugin') ? undefined : kind.replaceAll('_', '-');
}

const kindsOf = (type: keyof typeof PREFIXES): [prefix: string, Kind][] =>
  Object.entries<readonly string[]>(PREFIXES[type]).flatMap(([kind, prefixes]) => {
    const noun = PLURALS[type];
    const word = wordOf(noun, kind);
    return prefixes.map((prefix): [string, Kind] => [prefix, { noun, ...(word === undefined ? {} : { kind: word }) }]);
  });

/** By the text in front of the first underscore. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['global', { noun: PLURALS.scope }],
  ...(Object.keys(PREFIXES) as (keyof typeof PREFIXES)[]).flatMap(kindsOf),
]);

export const GENERIC_VERBS = ['read', 'update', 'delete'];

/** The words with the noun in front; the same words when the id tells no noun. */
export function typedWords(words: readonly string[]): readonly string[] {
  const [verb, id, ...rest] = words;
  if (verb === undefined || id === undefined || !GENERIC_VERBS.includes(verb)) return words;
  const prefix = id.split('_')[0]!;
  const found = KINDS.get(prefix);
  if (found === undefined) return words;
  const kind = verb === 'update' && found.kind !== undefined ? [found.kind] : [];
  return [found.noun, verb, ...kind, '-id', id, ...rest];
}
