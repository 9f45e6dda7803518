/** The closed tables behind grants: resource types, and the actions each type knows. */
import { ID_PREFIXES, prefixesOf, type IdKind } from '../../../lib/contract/id-prefixes';

interface TypeFacts {
  /** Path segment of the collection; also the key in `authorized_collection_actions`. */
  plural: string;
  /** The type of the parent item; types without a parent stand for themselves. */
  parent?: string;
  /** Whether a grant may name the collection alone (`type=group;actions=list`). */
  topLevel: boolean;
  idActions: readonly string[];
  collectionActions: readonly string[];
}

const CRUD = ['no-op', 'read', 'update', 'delete'] as const;
const CREATE_LIST = ['create', 'list'] as const;
const edits = <const W extends string>(what: W) => [`add-${what}`, `set-${what}`, `remove-${what}`] as const;
const KEY_ACTIONS = ['list-keys', 'rotate-keys', 'list-key-version-destruction-jobs', 'destroy-key-version'] as const;

const named = <const M extends readonly string[] = []>(plural: string, more?: M) => ({
  plural,
  topLevel: true,
  idActions: [...CRUD, ...((more ?? []) as M)] as const,
  collectionActions: CREATE_LIST,
});
const child = (plural: string, parent: string) => ({ ...named(plural), parent, topLevel: false });

/** Facts by type; actions that only a subtype knows are in {@link SUBTYPE_ACTIONS}. */
const KNOWN_TYPES = {
  scope: {
    ...named('scopes', ['attach-storage-policy', 'detach-storage-policy']),
    collectionActions: [...CREATE_LIST, ...KEY_ACTIONS],
  },
  user: named('users', [...edits('accounts'), 'list-resolvable-aliases']),
  group: named('groups', edits('members')),
  role: named('roles', [...edits('principals'), ...edits('grants'), ...edits('grant-scopes')]),
  'auth-method': named('auth-methods', ['authenticate']),
  account: child('accounts', 'auth-method'),
  'managed-group': child('managed-groups', 'auth-method'),
  'auth-token': {
    plural: 'auth-tokens',
    topLevel: true,
    idActions: ['no-op', 'read', 'read:self', 'delete', 'delete:self'],
    collectionActions: ['list'],
  },
  'host-catalog': named('host-catalogs'),
  'host-set': child('host-sets', 'host-catalog'),
  host: child('hosts', 'host-catalog'),
  target: named('targets', [...edits('host-sources'), ...edits('credential-sources'), 'authorize-session']),
  session: {
    plural: 'sessions',
    topLevel: true,
    idActions: ['no-op', 'read', 'read:self', 'cancel', 'cancel:self'],
    collectionActions: ['list'],
  },
  'session-recording': {
    plural: 'session-recordings',
    topLevel: true,
    idActions: ['no-op', 'read', 'download', 'delete', 'reapply-storage-policy'],
    collectionActions: ['list'],
  },
  'credential-store': named('credential-stores'),
  'credential-library': child('credential-libraries', 'credential-store'),
  credential: child('credentials', 'credential-store'),
  'storage-bucket': named('storage-buckets'),
  policy: named('policies'),
  worker: {
    ...named('workers', edits('worker-tags')),
    collectionActions: [
      'create:controller-led',
      'create:worker-led',
      'list',
      'read-certificate-authority',
      'reinitialize-certificate-authority',
    ],
  },
  alias: named('aliases'),
  billing: { plural: 'billing', topLevel: false, idActions: [], collectionActions: ['monthly-active-users'] },
} as const satisfies Record<string, TypeFacts>;

/** Actions that subtypes add to or take from their type, by `type/subtype`. */
const KNOWN_SUBTYPES = {
  'account/password': { idActions: [...CRUD, 'set-password', 'change-password'] },
  'auth-method/oidc': { idActions: [...CRUD, 'authenticate', 'change-state'] },
  'host-set/static': { idActions: [...CRUD, ...edits('hosts')] },
  'host/plugin': { idActions: ['no-op', 'read'], collectionActions: ['list'] },
} as const satisfies Record<string, Partial<TypeFacts>>;

const TYPES: Readonly<Record<string, TypeFacts>> = KNOWN_TYPES;
const SUBTYPE_ACTIONS: Readonly<Record<string, Partial<TypeFacts>>> = KNOWN_SUBTYPES;

/** What grants can be about. */
export type ResourceType = keyof typeof KNOWN_TYPES;
type ActionsOf<F> = F extends { idActions: readonly (infer A)[] } ? A : never;
type SubtypeOf<T extends ResourceType> = Extract<keyof typeof KNOWN_SUBTYPES, `${T}/${string}`>;
/** Actions that a type or one of its subtypes knows. */
export type ActionOn<T extends ResourceType> = T extends ResourceType
  ? | (typeof KNOWN_TYPES)[T]['idActions'][number]
    | (typeof KNOWN_TYPES)[T]['collectionActions'][number]
    | ActionsOf<(typeof KNOWN_SUBTYPES)[SubtypeOf<T>]>
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
  ...[...Object.values(TYPES), ...Object.values(SUBTYPE_ACTIONS)].flatMap((facts) => [
    ...(facts.idActions ?? []),
    ...(facts.collectionActions ?? []),
  ]),
  ...DEPRECATED_ACTIONS.keys(),
  ...FURTHER_ACTIONS,
]);

/** Table of a type's items. */
export const tableOf = (type: ResourceType): string => KNOWN_TYPES[type].plural.replaceAll('-', '_');

/** Type of a collection's path segment. */
export const typeOfCollection = (plural: string): string | undefined =>
  Object.keys(TYPES).find((type) => TYPES[type]!.plural === plural);

export const isKnownAction = (action: string): boolean => ACTIONS.has(action);
/** Types whose items are in the global scope and nowhere else. */
const GLOBAL_TYPES: ReadonlySet<string> = new Set(['alias', 'billing', 'worker']);
export const isGlobalOnly = (type: string): boolean => GLOBAL_TYPES.has(type);
export const isTopLevel = (type: string): boolean => isKnownType(type) && TYPES[type]!.topLevel;
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

function facts(type: string, subtype: string | undefined): TypeFacts {
  const general = TYPES[type];
  if (general === undefined) throw new Error(`unknown resource type ${type}`);
  return { ...general, ...(subtype === undefined ? {} : SUBTYPE_ACTIONS[`${type}/${subtype}`]) };
}

const EVERY_ID_ACTION: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.keys(TYPES).map((type) => {
    const subtypes = Object.keys(SUBTYPE_ACTIONS).filter((key) => key.startsWith(`${type}/`));
    return [
      type,
      [...new Set([type, ...subtypes].flatMap((key) => (TYPES[key] ?? SUBTYPE_ACTIONS[key])!.idActions ?? []))],
    ];
  }),
);

/** Actions on one item of a type. */
export const idActions = (type: string, subtype?: string): readonly string[] => facts(type, subtype).idActions;
/** Actions on items of a type, whatever their subtype. */
export const everyIdAction = (type: string): readonly string[] => EVERY_ID_ACTION[type] ?? [];
/** Actions on the collection of a type. */
export const collectionActions = (type: string, subtype?: string): readonly string[] =>
  facts(type, subtype).collectionActions;

/** A collection that an item shows in `authorized_collection_actions`. */
export interface CollectionBelow {
  plural: string;
  type: ResourceType;
  actions: readonly string[];
}

const below = (type: ResourceType, actions = collectionActions(type)): CollectionBelow => ({
  plural: TYPES[type]!.plural,
  type,
  actions,
});

const ORG_COLLECTIONS = (
  [
    'auth-method',
    'auth-token',
    'group',
    'policy',
    'role',
    'scope',
    'session-recording',
    'storage-bucket',
    'user',
  ] as const
).map((type) => below(type));

/** Collections below an item, by kind of item. */
export const COLLECTIONS_BELOW = {
  global: [...ORG_COLLECTIONS, below('alias'), below('worker')],
  org: ORG_COLLECTIONS,
  project: [
    ...(['credential-store', 'group', 'host-catalog', 'role', 'target', 'session'] as const).map((type) => below(type)),
    below('scope', KEY_ACTIONS),
  ],
  'auth-method': [below('account'), below('managed-group')],
  'credential-store/static': [below('credential')],
  'credential-store/vault': [below('credential-library')],
  'host-catalog/static': [below('host'), below('host-set')],
  'host-catalog/plugin': [below('host', collectionActions('host', 'plugin')), below('host-set')],
} as const satisfies Record<string, readonly CollectionBelow[]>;

/** Whether scopes of a kind hold items of a type. */
export const livesIn = (type: string, kind: 'global' | 'org' | 'project'): boolean =>
  COLLECTIONS_BELOW[kind].some((below) => below.type === type && below.actions.includes('list'));
