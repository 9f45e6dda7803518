/**
 * Limits on how much there is: they hold for many writers at once, whoever adds, and what is above
 * one can be removed.
 */
import { newId } from '../../lib/ids/ids';
import { changed, row, sql, transaction } from '../../services/controller/db/db';
import { toApiError } from '../../services/controller/rpc/error-mapping';
import { SHAPE_LIMITS } from '../../services/controller/shape-limits';
import { DEV } from '../harness/controller';
import {
  credentialOf,
  ldapMethod,
  libraryOf,
  newToken,
  startWorld,
  type Item,
  type World,
} from '../golden/statements.world';

type Key = keyof typeof SHAPE_LIMITS;

const WRITERS = 50;
/** How many of them there is room for. */
const ROOM = 3;

let world: World;
let limits: Record<string, number>;
beforeAll(async () => {
  world = await startWorld(2);
  limits = world.controller.deps.db.limits;
}, 120_000);
afterAll(() => world.close());

const on = () => world.controller.deps.db.executor;
const now = () => world.controller.deps.clock.now();

/** Runs with another limit. */
async function limited<T>(key: Key, value: number, work: () => Promise<T>): Promise<T> {
  const usual = limits[key]!;
  limits[key] = value;
  try {
    return await work();
  } finally {
    limits[key] = usual;
  }
}

/** As callers see it. */
function refusal(error: unknown): { status: number; kind: string; message: string } {
  const { httpStatus, kind, message } = toApiError(error);
  return { status: httpStatus, kind, message };
}

const reached = (key: Key, value: number) => ({
  status: 400,
  kind: 'FailedPrecondition',
  message:
    `There can be at most ${value.toLocaleString('en')} ${SHAPE_LIMITS[key].what} (controller.limits.${key}). ` +
    'Remove some of them first, or have an operator raise the limit.',
});

interface Creation {
  table: string;
  /** What holds the rows. */
  column: string;
  holder: () => string;
  create: (n: number) => Promise<unknown>;
}

const inProject = { scope_id: DEV.project };
const inGlobal = { scope_id: 'global' };
const bare = { skip_admin_role_creation: true, skip_default_role_creation: true };
const created =
  (noun: string, item: (n: number) => object, more = {}) =>
  (n: number) =>
    world.create(noun, item(n), more);

/** Everything that is created one by one. */
const CREATIONS: Partial<Record<Key, Creation>> = {
  roles_per_scope: rowsOf(
    'roles',
    'scope_id',
    () => 'global',
    created('Role', () => inGlobal),
  ),
  groups_per_scope: rowsOf(
    'groups',
    'scope_id',
    () => DEV.project,
    created('Group', () => inProject),
  ),
  scopes_per_scope: rowsOf(
    'scopes',
    'scope_id',
    () => DEV.org,
    created('Scope', () => ({ scope_id: DEV.org }), bare),
  ),
  users_per_scope: rowsOf(
    'users',
    'scope_id',
    () => 'global',
    created('User', () => inGlobal),
  ),
  auth_methods_per_scope: rowsOf('auth_methods', 'scope_id', () => 'global', created('AuthMethod', ldapMethod)),
  accounts_per_auth_method: rowsOf(
    'accounts',
    'auth_method_id',
    () => DEV.authMethod,
    created('Account', (n) => ({
      auth_method_id: DEV.authMethod,
      type: 'password',
      attributes: { login_name: `login${n}` },
    })),
  ),
  managed_groups_per_auth_method: rowsOf(
    'managed_groups',
    'auth_method_id',
    () => world.seeds.ldap,
    created('ManagedGroup', () => ({ auth_method_id: world.seeds.ldap, attributes: { group_names: ['a'] } })),
  ),
  auth_tokens_per_user: rowsOf(
    'auth_tokens',
    'user_id',
    () => DEV.user,
    () => newToken(world, DEV.user),
  ),
  host_catalogs_per_scope: rowsOf(
    'host_catalogs',
    'scope_id',
    () => DEV.project,
    created('HostCatalog', () => ({ ...inProject, type: 'static' })),
  ),
  hosts_per_catalog: rowsOf(
    'hosts',
    'host_catalog_id',
    () => DEV.hostCatalog,
    created('Host', () => ({
      host_catalog_id: DEV.hostCatalog,
      type: 'static',
      attributes: { address: '10.0.0.1' },
    })),
  ),
  host_sets_per_catalog: rowsOf(
    'host_sets',
    'host_catalog_id',
    () => DEV.hostCatalog,
    created('HostSet', () => ({ host_catalog_id: DEV.hostCatalog, type: 'static' })),
  ),
  credential_stores_per_scope: rowsOf(
    'credential_stores',
    'scope_id',
    () => DEV.project,
    created('CredentialStore', () => ({ ...inProject, type: 'static' })),
  ),
  credential_libraries_per_store: rowsOf(
    'credential_libraries',
    'credential_store_id',
    () => world.seeds.vaultStore,
    created('CredentialLibrary', () => libraryOf(world.seeds.vaultStore)),
  ),
  credentials_per_store: rowsOf(
    'credentials',
    'credential_store_id',
    () => world.seeds.staticStore,
    created('Credential', () => credentialOf(world.seeds.staticStore)),
  ),
  targets_per_scope: rowsOf(
    'targets',
    'scope_id',
    () => DEV.project,
    created('Target', (n) => ({ ...inProject, type: 'tcp', name: `limited ${n}`, attributes: { default_port: 22 } })),
  ),
  aliases_per_scope: rowsOf(
    'aliases',
    'scope_id',
    () => 'global',
    created('Alias', (n) => ({ ...inGlobal, type: 'target', value: `limited${n}` })),
  ),
  aliases_per_target: rowsOf(
    'aliases',
    'destination_id',
    () => DEV.target,
    created('Alias', (n) => ({ ...inGlobal, type: 'target', value: `leading${n}`, destination_id: DEV.target })),
  ),
  workers: rowsOf(
    'workers',
    'scope_id',
    () => 'global',
    () => world.call('WorkerService/CreateControllerLed', { item: inGlobal }),
  ),
};

function rowsOf(table: string, column: string, holder: () => string, create: Creation['create']): Creation {
  return { table, column, holder, create };
}

async function count({ table, column, holder }: Omit<Creation, 'create'>): Promise<number> {
  const statement = sql`select count(*)::int as n from ${sql.table(table)} where ${sql.ref(column)} = ${holder()}`;
  return (await row<{ n: number }>(on(), statement))!.n;
}

/** What happened to each of many at once. */
async function race(act: (n: number) => Promise<unknown>): Promise<{ done: number; refusals: unknown[] }> {
  const outcomes = await Promise.allSettled(Array.from({ length: WRITERS }, (_, n) => act(n)));
  const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [refusal(outcome.reason)] : []));
  return { done: WRITERS - refusals.length, refusals };
}

describe('every limit on how much there is', () => {
  test.each(Object.keys(CREATIONS) as Key[])('%s: 50 writers do not go over it', async (key) => {
    const creation = CREATIONS[key]!;
    const most = (await count(creation)) + ROOM;
    const { done, refusals } = await limited(key, most, () => race(creation.create));
    expect(refusals).toEqual(Array<unknown>(WRITERS - ROOM).fill(reached(key, most)));
    expect([done, await count(creation)]).toEqual([ROOM, most]);
  });

  /** Lists that an item has, with values that are not in them yet. */
  const edits: [
    Key,
    add: string,
    field: string,
    make: () => Promise<Item>,
    values: () => Promise<string[]> | string[],
  ][] = [
    [
      'grants_per_role',
      'RoleService/AddRoleGrants',
      'grant_strings',
      () => world.create('Role', inGlobal),
      () => numbered((i) => `ids=ttcp_${i};actions=read`),
    ],
    [
      'principals_per_role',
      'RoleService/AddRolePrincipals',
      'principal_ids',
      () => world.create('Role', inGlobal),
      () => several('User', inGlobal),
    ],
    [
      'grant_scopes_per_role',
      'RoleService/AddRoleGrantScopes',
      'grant_scope_ids',
      () => world.create('Role', inGlobal),
      () => several('Scope', { scope_id: DEV.org }, bare),
    ],
    [
      'members_per_group',
      'GroupService/AddGroupMembers',
      'member_ids',
      () => world.create('Group', inGlobal),
      () => several('User', inGlobal),
    ],
    [
      'hosts_per_host_set',
      'HostSetService/AddHostSetHosts',
      'host_ids',
      () => world.create('HostSet', { host_catalog_id: DEV.hostCatalog, type: 'static' }),
      () => several('Host', { host_catalog_id: DEV.hostCatalog, type: 'static', attributes: { address: '10.0.0.1' } }),
    ],
    [
      'host_sources_per_target',
      'TargetService/AddTargetHostSources',
      'host_source_ids',
      bareTarget,
      () => several('HostSet', { host_catalog_id: DEV.hostCatalog, type: 'static' }),
    ],
    [
      'credential_sources_per_target',
      'TargetService/AddTargetCredentialSources',
      'brokered_credential_source_ids',
      bareTarget,
      () => several('Credential', credentialOf(world.seeds.staticStore)),
    ],
  ];

  test.each(edits)(
    '%s: one request does not go over it, and what is above it can be removed',
    async (key, add, field, make, values) => {
      const all = await values();
      const item = await make();
      const edit = (verb: string, version: number, some: string[]): Promise<Item> =>
        world
          .call(add.replace('/Add', `/${verb}`), { id: item.id, version, [field]: some })
          .then((answer) => answer.item as Item);
      const there = key === 'grant_scopes_per_role' ? 1 : 0;
      const full = await edit('Add', item.version, all.slice(0, 3));
      const refused = () => edit('Add', full.version, all.slice(3, 4)).catch(refusal);
      expect(await limited(key, 3 + there, refused)).toEqual(reached(key, 3 + there));
      // Above a lowered limit: read, changed otherwise and made smaller, not made larger.
      await limited(key, 2, async () => {
        expect(await refused()).toEqual(reached(key, 2));
        const smaller = await edit('Remove', full.version, all.slice(0, 1));
        expect(smaller.version).toBe(full.version + 1);
        if (there === 0) await edit('Set', smaller.version, all.slice(2, 4));
      });
    },
  );

  test('worker_list_bytes: 50 writers do not go over it, and nobody who grows', async () => {
    const key = 'worker_list_bytes';
    const make = (n: number) =>
      world.call('WorkerService/CreateControllerLed', {
        item: { scope_id: 'global', description: String(n).padStart(1_000, '0') },
      });
    const held = sql<{ n: bigint }>`select sum(list_bytes) as n from workers`;
    const { item } = await make(0);
    const most = Number((await row<{ n: bigint }>(on(), held))!.n) + 3 * 1_632;
    const { done, refusals } = await limited(key, most, () => race(make));
    expect(refusals).toEqual(Array<unknown>(WRITERS - ROOM).fill(reached(key, most)));
    expect(done).toBe(ROOM);
    const api_tags = { a: ['b'] };
    const tagged = (verb: string, version: number) =>
      world.call(`WorkerService/${verb}WorkerTags`, { id: item.id, version, ...(verb === 'Add' && { api_tags }) });
    const described = (version: number, description: string) =>
      world.call('WorkerService/UpdateWorker', {
        id: item.id,
        item: { version, description },
        update_mask: ['description'],
      });
    await limited(key, most, async () => {
      expect(await tagged('Add', 1).catch(refusal)).toEqual(reached(key, most));
      expect(await described(1, '0'.repeat(1_001)).catch(refusal)).toEqual(reached(key, most));
      await described(1, '0'.repeat(900));
      await tagged('Add', 2);
      await tagged('Set', 3);
    });
  });

  test('versions_per_key: keys are not rotated beyond it', async () => {
    const { id } = await world.create('Scope', { scope_id: DEV.org }, bare);
    const rotate = () => world.call('ScopeService/RotateKeys', { scope_id: id });
    await limited('versions_per_key', 4, async () => {
      const { done } = await race(rotate);
      expect(done).toBe(3);
      expect(await rotate().catch(refusal)).toEqual(reached('versions_per_key', 4));
    });
  });

  test('aliases_per_target: an alias that is led elsewhere counts there', async () => {
    const { id } = await bareTarget();
    const [one, another] = (await several('Alias', { ...inGlobal, type: 'target' }, {}, (i) => ({
      value: `led${i}`,
    }))) as [string, string];
    const lead = (alias: string) =>
      world.call('AliasService/UpdateAlias', {
        id: alias,
        item: { version: 1, destination_id: id },
        update_mask: ['destination_id'],
      });
    await limited('aliases_per_target', 1, async () => {
      await lead(one);
      expect(await lead(another).catch(refusal)).toEqual(reached('aliases_per_target', 1));
    });
  });
});

const numbered = (text: (i: number) => string): string[] => Array.from({ length: 4 }, (_, i) => text(i));

async function several(noun: string, item: object, more = {}, differing: (i: number) => object = () => ({})) {
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) ids.push((await world.create(noun, { ...item, ...differing(i) }, more)).id);
  return ids;
}

let targets = 0;
function bareTarget(): Promise<Item> {
  const name = `bare ${targets++}`;
  return world.create('Target', { ...inProject, type: 'tcp', name, attributes: { default_port: 22 } });
}

describe('limits on the grants of a scope', () => {
  let project: string;
  beforeEach(async () => {
    project = (await world.create('Scope', { scope_id: DEV.org }, bare)).id;
  });

  const grant = (n: number): string => `ids=ttcp_${n};actions=read`;
  /** A role of the project that these hold. */
  async function role(...principal_ids: string[]): Promise<Item> {
    const made = await world.create('Role', { scope_id: project });
    if (principal_ids.length === 0) return made;
    return (await world.call('RoleService/AddRolePrincipals', { id: made.id, version: 1, principal_ids })).item as Item;
  }
  const roles = (...principals: string[]): Promise<Item[]> =>
    Promise.all(Array.from({ length: WRITERS }, () => role(...principals)));
  const addGrants = ({ id, version }: Item, ...grant_strings: string[]): Promise<{ item: Item }> =>
    world.call('RoleService/AddRoleGrants', { id, version, grant_strings });

  test.each([
    ['everybody_grants_per_scope', ['u_auth', 'u_anon'], 5, 5],
    ['everybody_grant_characters_per_scope', ['u_anon'], 100, 4],
    ['grants_per_scope', [], 5, 5],
    ['grant_characters_per_scope', [], 100, 4],
  ] as [Key, string[], number, number][])(
    '%s: 50 roles of one scope do not go over it together',
    async (key, principals, most, fitting) => {
      const all = await roles(...principals);
      const { done, refusals } = await limited(key, most, () =>
        // 22 characters each.
        race((n) => addGrants(all[n]!, grant(100 + n))),
      );
      expect(done).toBe(fitting);
      expect(refusals).toEqual(Array<unknown>(WRITERS - fitting).fill(reached(key, most)));
    },
  );

  test('grant_characters_per_role', async () => {
    const key = 'grant_characters_per_role';
    const made = await role();
    expect(await limited(key, 40, () => addGrants(made, grant(1), grant(2)).catch(refusal))).toEqual(reached(key, 40));
    await limited(key, 40, () => addGrants(made, grant(1)));
  });

  test("whatever makes a role everybody's counts: a principal, a group that everybody is in", async () => {
    const key = 'everybody_grants_per_scope';
    const grants = [1, 2, 3].map(grant);
    const { id: group } = await world.create('Group', { scope_id: project });
    const direct = (await addGrants(await role(), ...grants)).item;
    await addGrants(await role(group), ...grants);
    await limited(key, 2, async () => {
      const principals = { id: direct.id, version: direct.version, principal_ids: ['u_anon'] };
      expect(await world.call('RoleService/AddRolePrincipals', principals).catch(refusal)).toEqual(reached(key, 2));
      const members = { id: group, version: 1, member_ids: ['u_auth'] };
      expect(await world.call('GroupService/AddGroupMembers', members).catch(refusal)).toEqual(reached(key, 2));
    });
    // A role that is everybody's in two ways counts once.
    await limited(key, 3, () =>
      world.call('RoleService/AddRolePrincipals', {
        id: direct.id,
        version: direct.version,
        principal_ids: ['u_anon', 'u_auth'],
      }),
    );
  });
});

test('every limit of this kind is kept by the schema', async () => {
  const kept = await row<{ text: string }>(
    on(),
    sql`select string_agg(pg_get_triggerdef(oid), ' ') || (select string_agg(prosrc, ' ') from pg_proc
          where proname = 'check_grant_limits') as text from pg_trigger where not tgisinternal`,
  );
  expect(Object.keys(SHAPE_LIMITS).filter((key) => !kept!.text.includes(`'${key}'`))).toEqual([]);
});

test('rows that were added without limits stay, and can be removed', async () => {
  const { id } = await world.create('Role', inGlobal);
  const statement = sql`insert into role_grants (role_id, canonical, raw)
    select ${id}, 'ids=ttcp_' || i || ';actions=read', 'ids=ttcp_' || i || ';actions=read' from generate_series(1, 2000) i`;
  await transaction({ ...world.controller.deps.db, limits: {} }, now(), (tx) => changed(tx, statement));
  const { item } = await world.call('RoleService/GetRole', { id });
  expect(item.grant_strings).toHaveLength(2_000);
  const removed = { id, version: 1, grant_strings: item.grant_strings.slice(0, 500) };
  const { item: smaller } = await world.call('RoleService/RemoveRoleGrants', removed);
  expect(smaller.grant_strings).toHaveLength(1_500);
  const set = { id, version: 2, grant_strings: [`ids=${newId('ttcp')};actions=read`] };
  expect((await world.call('RoleService/SetRoleGrants', set)).item.grant_strings).toHaveLength(1);
});
