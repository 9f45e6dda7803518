/**
 * What grants can be about: resource types, and the actions that each type knows. The nouns of the
 * API tell them.
 */
import { ID_PREFIXES, prefixesOf, type IdKind } from '../../../lib/contract/id-prefixes';
import type { Noun } from '../../../lib/contract/noun';
import { NOUNS } from '../../../proto/gen/nouns/all';

const TYPES: Readonly<Record<string, Noun>> = NOUNS;

/** What grants can be about. */
export type ResourceType = keyof typeof NOUNS;
type Nouns = typeof NOUNS;
type KindOf<T extends ResourceType> = Nouns[T]['kinds'][keyof Nouns[T]['kinds']];
type ActionsOf<F> = F extends { idActions: readonly (infer A)[] } ? A : never;
/** Actions that a type or one of its kinds knows. */
export type ActionOn<T extends ResourceType> = T extends ResourceType
  ? ActionsOf<Nouns[T]> | Nouns[T]['collectionActions'][number] | ActionsOf<KindOf<T>>
  : never;

export const isKnownType = (type: string): type is ResourceType => Object.hasOwn(TYPES, type);

const PREFIXES: ReadonlyMap<string, ResourceType> = new Map(
  (Object.keys(ID_PREFIXES) as IdKind[]).flatMap((kind) =>
    isKnownType(kind) ? prefixesOf(kind).map((prefix) => [prefix, kind] as const) : [],
  ),
);

/**
 * Actions that grants may no longer name, and what to write instead. Grants that hold them can
 * still be removed.
 */
export const DEPRECATED_ACTIONS: ReadonlyMap<string, string> = new Map(
  ['add', 'set', 'remove'].flatMap((verb) => [
    [`${verb}-host-sets`, `${verb}-host-sources`],
    [`${verb}-credential-libraries`, `${verb}-credential-sources`],
  ]),
);

/** Known words that no type lists. */
const FURTHER_ACTIONS = ['*', 'deauthenticate', 'create'];

const ACTIONS: ReadonlySet<string> = new Set([
  ...Object.values(TYPES).flatMap((noun) => [...everyIdActionOf(noun), ...noun.collectionActions]),
  ...DEPRECATED_ACTIONS.keys(),
  ...FURTHER_ACTIONS,
]);

/** Table of a type's items. */
export const tableOf = (type: ResourceType): string => NOUNS[type].plural.replaceAll('-', '_');

/** Field and column with the id of a child's parent, or of the scope: `host_catalog_id`. */
export const parentField = (type: ResourceType): string =>
  `${(TYPES[type]!.parent ?? 'scope').replaceAll('-', '_')}_id`;

/** Type of a collection's path segment. */
export const typeOfCollection = (plural: string): string | undefined =>
  Object.keys(TYPES).find((type) => TYPES[type]!.plural === plural);

export const isKnownAction = (action: string): boolean => ACTIONS.has(action);
/**
 * Whether some resource of the API has an action of that name, be it served here or not. In a path,
 * such a word on the wrong resource is a wrong method, any other one an unknown action.
 */
export const isActionWord = (action: string): boolean => action !== '*' && ACTIONS.has(action);
/** Whether items of the type are in the global scope and nowhere else. */
export const isGlobalOnly = (type: string): boolean =>
  isKnownType(type) && !isChild(type) && TYPES[type]!.scopes.every((kind) => kind === 'global');
/** Whether a grant may name the collection alone: `type=group;actions=list`. */
export const isTopLevel = (type: string): boolean => isKnownType(type) && TYPES[type]!.scopes.length > 0;
const isChild = (type: string): boolean => TYPES[type]?.parent !== undefined;
/** The type of the ids that grants name for items of this type: the parent's type for a child. */
export const parentType = (type: string): string => (isKnownType(type) ? (TYPES[type]!.parent ?? type) : type);
export const hasChildTypes = (type: string): boolean =>
  Object.entries(TYPES).some(([name, facts]) => name !== type && facts.parent === type);

/** Resource type that an id's prefix tells; undefined for unknown prefixes. */
export function typeOfId(id: string): ResourceType | undefined {
  if (id === 'global') return 'scope';
  const prefix = id.slice(0, Math.max(id.indexOf('_'), 0));
  return PREFIXES.get(prefix);
}

const EVERY_ID_ACTION: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values(TYPES).map((noun) => [noun.type, everyIdActionOf(noun)]),
);

function everyIdActionOf({ idActions, kinds }: Noun): string[] {
  return [...new Set([...idActions, ...Object.values(kinds).flatMap((kind) => kind.idActions ?? [])])];
}

function nounOf(type: string): Noun {
  const noun = isKnownType(type) ? TYPES[type] : undefined;
  if (noun === undefined) throw new Error(`unknown resource type ${type}`);
  return noun;
}

/** Actions on one item of a type. */
export const idActions = (type: string, kind = ''): readonly string[] => {
  const noun = nounOf(type);
  return noun.kinds[kind]?.idActions ?? noun.idActions;
};
/** Actions on items of a type, whatever their kind. */
export const everyIdAction = (type: string): readonly string[] => EVERY_ID_ACTION.get(type) ?? [];
/** Actions on the collection of a type; of a child, those below a parent of the kind. */
export const collectionActions = (type: string, kind = ''): readonly string[] => {
  const noun = nounOf(type);
  return noun.kinds[kind]?.collectionActions ?? noun.collectionActions;
};

/** A collection that an item shows in `authorized_collection_actions`. */
export interface CollectionBelow {
  plural: string;
  type: ResourceType;
  actions: readonly string[];
}

type ScopeKind = 'global' | 'org' | 'project';

/** Actions on the keys of a scope, which also projects have. They hold no scopes. */
const KEY_ACTIONS = collectionActions('scope').filter((action) => /key/.test(action));

const below = (noun: Noun, actions: readonly string[]): CollectionBelow => ({
  plural: noun.plural,
  type: noun.type as ResourceType,
  actions,
});

const inScopes = (kind: ScopeKind): CollectionBelow[] => [
  ...Object.values(TYPES)
    .filter((noun) => noun.scopes.includes(kind))
    .map((noun) => below(noun, noun.collectionActions)),
  ...(kind === 'project' ? [below(TYPES['scope']!, KEY_ACTIONS)] : []),
];

const IN_SCOPES: Readonly<Record<ScopeKind, readonly CollectionBelow[]>> = {
  global: inScopes('global'),
  org: inScopes('org'),
  project: inScopes('project'),
};

/** Collections in a scope of the kind. */
export const collectionsInScope = (kind: ScopeKind): readonly CollectionBelow[] => IN_SCOPES[kind];

/** Collections of the children of an item. */
export const collectionsOfChildren = (parent: ResourceType, kind: string): readonly CollectionBelow[] =>
  Object.values(TYPES)
    .filter((noun) => noun.parent === parent && (noun.parentKinds?.includes(kind) ?? true))
    .map((noun) => below(noun, collectionActions(noun.type, kind)));

/** Whether scopes of a kind hold items of a type. */
export const livesIn = (type: string, kind: ScopeKind): boolean =>
  IN_SCOPES[kind].some((below) => below.type === type && below.actions.includes('list'));
