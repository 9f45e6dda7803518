/**
 * Parents are deleted while children are made in them, and things while others begin to refer to
 * them: nothing is left that belongs to nobody, and no caller is told of more than "not found" or
 * "gone".
 */
import type { TestWorker } from '../../services/controller/control/control.fixture';
import { rows, sql } from '../../services/controller/db/db';
import { DEV } from '../harness/controller';
import type { Door, Reply } from '../harness/doors';
import { SOAK } from '../harness/rounds';
import { VaultServer } from '../harness/vault';
import { attachWorker, startWholeController, type WholeController } from '../harness/whole-controller';
import { create, createWorld, must, NOUNS, titleOf, type Noun, type World } from '../integration/nouns';

const vault = new VaultServer();
let controller: WholeController;
let world: World;

beforeAll(async () => {
  await vault.start();
  controller = await startWholeController();
  world = await createWorld(controller.http, vault);
});
afterAll(async () => {
  await controller.stop();
  await vault.stop();
});

/** The row of {@link NOUNS} with this title. */
function noun(title: string): Noun {
  const found = NOUNS.find((one) => titleOf(one) === title);
  if (found === undefined) throw new Error(`no row ${title}`);
  return found;
}

const door = (n: number): Door => (n % 2 === 0 ? controller.http : controller.grpc);

/** Fails unless all were answered with success, "not found" or "what you refer to is gone". */
function peaceful(replies: Reply[]): void {
  const gone = ({ status, body }: Reply): boolean =>
    status === 404 ||
    (status === 400 &&
      /does not exist any more|not all of them exist|Not all of|is not valid to set/i.test(body.message));
  expect(replies.filter((reply) => reply.status !== 200 && !gone(reply))).toEqual([]);
}

/** Field of a child that names its parent, and the rows of what can be made in it. */
const FAMILIES: [parent: string, field: string, children: string[]][] = [
  [
    'Scope (org)',
    'scope_id',
    ['Scope (project)', 'AuthMethod (password)', 'AuthMethod (oidc)', 'AuthMethod (ldap)', 'User', 'Group', 'Role'],
  ],
  [
    'Scope (project)',
    'scope_id',
    ['Group', 'Role', 'HostCatalog', 'CredentialStore (static)', 'CredentialStore (vault)', 'Target'],
  ],
  ['AuthMethod (password)', 'auth_method_id', ['Account (password)']],
  ['AuthMethod (oidc)', 'auth_method_id', ['Account (oidc)']],
  ['AuthMethod (ldap)', 'auth_method_id', ['ManagedGroup']],
  ['HostCatalog', 'host_catalog_id', ['Host', 'HostSet']],
  ['CredentialStore (static)', 'credential_store_id', ['Credential (password)', 'Credential (json)']],
  ['CredentialStore (vault)', 'credential_store_id', ['CredentialLibrary']],
];
const ROUNDS = 3 * SOAK;
/** Children of each kind in a round. */
const CHILDREN = 2;

describe.each(FAMILIES)('%s', (parentTitle, field, titles) => {
  const parent = noun(parentTitle);
  const kinds = titles.map(noun);

  test('is deleted while children are made in it', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id } = await create(controller.http, world, parent);
      const births = kinds.flatMap((kind) =>
        Array.from({ length: CHILDREN }, (_, n) => birth(door(n), kind, { [field]: id })),
      );
      // Each round deletes later: with the first of them, after some, after most.
      await Promise.all(births.slice(0, Math.floor((births.length * round) / ROUNDS)));
      const deleted = await door(round).call(`Delete${parent.noun}`, { id });
      const replies = await Promise.all(births);
      peaceful([deleted, ...replies]);
      expect(deleted.status).toBe(200);
      await nothingIn(id, field, kinds);
      for (const [i, reply] of replies.entries()) {
        if (reply.status !== 200) continue;
        const kind = kinds[Math.floor(i / CHILDREN)]!;
        expect(await controller.http.call(`Get${kind.noun}`, { id: reply.body.id })).toMatchObject({ status: 404 });
      }
    }
  });
});

let births = 0;
function birth(by: Door, kind: Noun, inParent: object): Promise<Reply> {
  const n = 1_000_000 + births++;
  const item = { ...kind.item(world, n), name: `child-${n}`, ...inParent };
  return by.call(kind.create ?? `Create${kind.noun}`, { item });
}

const TABLES: Record<string, string> = {
  Scope: 'scopes',
  AuthMethod: 'auth_methods',
  User: 'users',
  Group: 'groups',
  Role: 'roles',
  HostCatalog: 'host_catalogs',
  CredentialStore: 'credential_stores',
  Target: 'targets',
  Account: 'accounts',
  ManagedGroup: 'managed_groups',
  Host: 'hosts',
  HostSet: 'host_sets',
  Credential: 'credentials',
  CredentialLibrary: 'credential_libraries',
};

/** No row names the parent any more. */
async function nothingIn(id: string, field: string, kinds: Noun[]): Promise<void> {
  for (const kind of kinds) {
    const table = sql.table(TABLES[kind.noun]!);
    const left = await rows(controller.db.executor, sql`select id from ${table} where ${sql.ref(field)} = ${id}`);
    expect({ kind: titleOf(kind), left }).toEqual({ kind: titleOf(kind), left: [] });
  }
}

/** Things whose lists name others, and how one begins to name `id`. Each has version 1. */
const LINKS: [holder: string, named: string, link: (id: string) => [rpc: string, request: Record<string, unknown>]][] =
  [
    ['Group', 'User', (id) => ['AddGroupMembers', { member_ids: [id] }]],
    ['Role', 'User', (id) => ['AddRolePrincipals', { principal_ids: [id] }]],
    ['Role', 'Group', (id) => ['AddRolePrincipals', { principal_ids: [id] }]],
    ['Role', 'ManagedGroup', (id) => ['AddRolePrincipals', { principal_ids: [id] }]],
    ['Role', 'Scope (project)', (id) => ['SetRoleGrantScopes', { grant_scope_ids: [id] }]],
    ['User', 'Account (password)', (id) => ['AddUserAccounts', { account_ids: [id] }]],
    ['HostSet', 'Host', (id) => ['AddHostSetHosts', { host_ids: [id] }]],
    ['Target', 'HostSet', (id) => ['AddTargetHostSources', { host_source_ids: [id] }]],
    [
      'Target',
      'Credential (password)',
      (id) => ['AddTargetCredentialSources', { brokered_credential_source_ids: [id] }],
    ],
    ['Target', 'CredentialLibrary', (id) => ['AddTargetCredentialSources', { brokered_credential_source_ids: [id] }]],
    ['Alias', 'Target', (id) => ['UpdateAlias', { item: { version: 1, destination_id: id } }]],
  ];
const PAIRS = 4 * SOAK;

test.each(LINKS)('%s begins to name a %s that is deleted', async (holderTitle, namedTitle, link) => {
  const [holder, named] = [noun(holderTitle), noun(namedTitle)];
  const race = async (n: number): Promise<void> => {
    const id = (await create(controller.http, world, named)).id as string;
    const holding = (await create(controller.http, world, holder)).id as string;
    const [rpc, request] = link(id);
    const linked = () => door(n).call(rpc, { id: holding, version: 1, ...request });
    const deleted = () => door(n + 1).call(`Delete${named.noun}`, { id });
    const both = await Promise.all(n % 3 === 0 ? [linked(), deleted()] : [deleted(), linked()]);
    peaceful(both);
    const after = await must(controller.http, `Get${holder.noun}`, { id: holding });
    expect(JSON.stringify(after)).not.toContain(id);
    expect(after.version).toBe(both[n % 3 === 0 ? 0 : 1].status === 200 ? 2 : 1);
    // The other way round: what is named stays when the holder goes.
    const stays = (await create(controller.http, world, named)).id as string;
    const again = (await create(controller.http, world, holder)).id as string;
    const [, second] = link(stays);
    peaceful(
      await Promise.all([
        door(n).call(rpc, { id: again, version: 1, ...second }),
        door(n + 1).call(`Delete${holder.noun}`, { id: again }),
      ]),
    );
    expect((await controller.http.call(`Get${named.noun}`, { id: stays })).status).toBe(200);
  };
  await Promise.all(Array.from({ length: PAIRS }, (_, n) => race(n)));
});

test('a user, an account or an auth method is deleted while it logs in: no token is left', async () => {
  const ends = ['DeleteUser', 'DeleteAccount', 'DeleteAuthMethod'] as const;
  for (const [n, end] of ends.entries()) {
    const method = await create(controller.http, world, noun('AuthMethod (password)'), { scope_id: 'global' });
    const attributes = { login_name: 'somebody', password: 'password' };
    const account = await must(door(n), 'CreateAccount', { item: { auth_method_id: method.id, attributes } });
    const user = await create(controller.http, world, noun('User'));
    await must(door(n), 'AddUserAccounts', { id: user.id, version: 1, account_ids: [account.id] });
    const login = (by: Door) => by.call('Authenticate', { auth_method_id: method.id, command: 'login', attributes });
    // Hashes are computed one after the other: the first is in when the others are still checked.
    const first = login(door(0));
    const logins = Promise.all([first, login(door(1)), login(door(0))]);
    await first;
    const id = { DeleteUser: user.id, DeleteAccount: account.id, DeleteAuthMethod: method.id }[end];
    expect((await door(n).call(end, { id })).status).toBe(200);
    for (const { status } of await logins) expect([200, 400, 401, 404]).toContain(status);
    const column = { DeleteUser: 'user_id', DeleteAccount: 'account_id', DeleteAuthMethod: 'auth_method_id' }[end];
    const left = sql`select id from auth_tokens where ${sql.ref(column)} = ${id}`;
    expect(await rows(controller.db.executor, left)).toEqual([]);
  }
});

describe('with a worker', () => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await attachWorker(controller);
  });
  afterAll(() => worker.close());

  test.each(['DeleteTarget', 'DeleteHost', 'DeleteHostSet', 'DeleteHostCatalog', 'DeleteScope'])(
    '%s while sessions begin: each that began is ended',
    async (end) => {
      const project = await create(controller.http, world, noun('Scope (project)'));
      const inProject = { scope_id: project.id };
      const catalog = await create(controller.http, world, noun('HostCatalog'), inProject);
      const inCatalog = { host_catalog_id: catalog.id };
      const host = await create(controller.http, world, noun('Host'), inCatalog);
      const set = await create(controller.http, world, noun('HostSet'), inCatalog);
      await must(door(0), 'AddHostSetHosts', { id: set.id, version: 1, host_ids: [host.id] });
      const target = await create(controller.http, world, noun('Target'), inProject);
      await must(door(0), 'AddTargetHostSources', { id: target.id, version: 1, host_source_ids: [set.id] });
      const begin = (n: number) => door(n).call('AuthorizeSession', { id: target.id });
      const first = await begin(0);
      expect(first.status).toBe(200);
      const sessions = Promise.all(Array.from({ length: 8 }, (_, n) => begin(n)));
      const ids = {
        DeleteTarget: target.id,
        DeleteHost: host.id,
        DeleteHostSet: set.id,
        DeleteHostCatalog: catalog.id,
        DeleteScope: project.id,
      };
      expect(await door(1).call(end, { id: ids[end as keyof typeof ids] })).toMatchObject({ status: 200 });
      const replies = [first, ...(await sessions)];
      expect(replies.filter(({ status }) => ![200, 400, 404].includes(status))).toEqual([]);
      const began = replies.filter(({ status }) => status === 200).map(({ body }) => body.session_id as string);
      const live = sql`select id, status from sessions where id = any(${began}::text[])
        and status not in ('canceling', 'terminated')`;
      expect(await rows(controller.db.executor, live)).toEqual([]);
    },
  );

  test('a worker is deleted while its tags change', async () => {
    const one = await create(controller.http, world, noun('Worker'));
    const replies = await Promise.all([
      ...Array.from({ length: 10 }, (_, n) =>
        door(n).call('AddWorkerTags', { id: one.id, version: 1, api_tags: { zone: [`z${n}`] } }),
      ),
      door(0).call('DeleteWorker', { id: one.id }),
    ]);
    peaceful(replies);
    expect((await controller.http.call('GetWorker', { id: one.id })).status).toBe(404);
  });
});

test('keys are rotated while their scope is deleted and while secrets are sealed with them', async () => {
  for (let round = 0; round < 3; round++) {
    const project = await create(controller.http, world, noun('Scope (project)'));
    const store = await create(controller.http, world, noun('CredentialStore (static)'), { scope_id: project.id });
    const seal = (n: number) => birth(door(n), noun('Credential (password)'), { credential_store_id: store.id });
    const rotate = (n: number) => door(n).call('RotateKeys', { scope_id: project.id, rewrap: n % 2 === 0 });
    const busy = Promise.all([rotate(0), seal(0), rotate(1), seal(1), rotate(2), seal(2)]);
    if (round > 0) await Promise.race([busy, rotate(round)]);
    peaceful([await door(round).call('DeleteScope', { id: project.id }), ...(await busy)]);
    const left = sql`select id from kms_root_keys where scope_id = ${project.id}`;
    expect(await rows(controller.db.executor, left)).toEqual([]);
  }
});

test('what is left of everything above answers as before', async () => {
  const { items } = await must(controller.grpc, 'ListScopes', { scope_id: 'global', recursive: true });
  expect(items.map((scope: { id: string }) => scope.id)).toContain(DEV.project);
});
