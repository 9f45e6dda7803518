/**
 * Limits on the number of items of each kind. The schema keeps them (`check_limit`): it counts
 * added rows in their own transaction, under a lock of the row that holds them. The limits on
 * grants of one scope are low, above all on grants for everybody, because other people's requests
 * load these grants. The other limits only keep everything from growing without end.
 */
import type { ConfigurableLimit } from '../../lib/limits/limit';

const TEST = 'test/integration/shape-limits.test.ts';

/** `what` completes "there can be at most 1,000 …". */
const most = (
  what: string,
  value: number,
  max: number,
  test: string = 'every limit on how much there is',
): ConfigurableLimit => ({
  what,
  unit: what.split(/ (?:of|in|that) /)[0]!,
  value,
  max,
  reached: '400, naming this key; what is there stays and can be removed',
  test: `${TEST}: ${test}`,
});

/** Highest values that the configuration takes. */
const FEW = 100_000;
const MANY = 10_000_000;

const GRANTS = 'limits on the grants of a scope';

export const SHAPE_LIMITS = {
  // What requests of others load.
  grants_per_role: most('grants of a role', 1_000, FEW),
  grant_characters_per_role: most('characters of all grants of a role', 262_144, MANY, GRANTS),
  grants_per_scope: most('grants of all roles of a scope', 10_000, MANY, GRANTS),
  grant_characters_per_scope: most('characters of all grants of all roles of a scope', 1_048_576, MANY, GRANTS),
  everybody_grants_per_scope: most('grants that the roles of a scope give to u_anon and u_auth', 1_000, FEW, GRANTS),
  everybody_grant_characters_per_scope: most(
    'characters of all grants that the roles of a scope give to u_anon and u_auth',
    131_072,
    MANY,
    GRANTS,
  ),
  grant_scopes_per_role: most('grant scopes of a role', 1_000, FEW),
  hosts_per_host_set: most('hosts of a host set', 2_000, FEW),
  host_sources_per_target: most('host sources of a target', 100, FEW),
  credential_sources_per_target: most('credential sources of a target', 100, FEW),
  aliases_per_target: most('aliases that lead to a target', 100, FEW),
  workers: most('workers', 2_000, 5_000),
  worker_list_bytes: {
    ...most(
      'bytes of names, descriptions and tags of all workers, with 624 for each',
      2 << 20,
      3 << 20,
      'worker_list_bytes',
    ),
    reached: '400, naming this key; workers attach without new tags of their configuration',
  },
  auth_methods_per_scope: most('auth methods of a scope', 100, FEW),
  // What only grows.
  principals_per_role: most('principals of a role', 10_000, MANY),
  roles_per_scope: most('roles of a scope', 5_000, MANY),
  groups_per_scope: most('groups of a scope', 20_000, MANY),
  members_per_group: most('members of a group', 20_000, MANY),
  scopes_per_scope: most('scopes in a scope', 10_000, MANY),
  users_per_scope: most('users of a scope', 100_000, MANY),
  accounts_per_auth_method: most('accounts of an auth method', 100_000, MANY),
  managed_groups_per_auth_method: most('managed groups of an auth method', 10_000, MANY),
  auth_tokens_per_user: most('auth tokens of a user', 50_000, MANY),
  host_catalogs_per_scope: most('host catalogs of a scope', 1_000, MANY),
  hosts_per_catalog: most('hosts of a host catalog', 20_000, MANY),
  host_sets_per_catalog: most('host sets of a host catalog', 2_000, MANY),
  credential_stores_per_scope: most('credential stores of a scope', 1_000, MANY),
  credential_libraries_per_store: most('credential libraries of a credential store', 5_000, MANY),
  credentials_per_store: most('credentials of a credential store', 10_000, MANY),
  targets_per_scope: most('targets of a scope', 20_000, MANY),
  aliases_per_scope: most('aliases of a scope', 100_000, MANY),
  // The list of keys of a scope has no pages.
  versions_per_key: most('versions of a key', 1_000, 4_000),
} as const satisfies Record<string, ConfigurableLimit>;

export const isShapeLimit = (key: string | undefined): key is keyof typeof SHAPE_LIMITS =>
  key !== undefined && Object.hasOwn(SHAPE_LIMITS, key);
