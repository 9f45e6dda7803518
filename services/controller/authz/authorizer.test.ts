/**
 * The authorizer with a real database: what it keeps is never behind, and what others hold costs
 * nothing.
 */
import { randomUUID } from 'node:crypto';
import { Work } from '../../../lib/limits/work';
import { DEV, startTestController, type TestController } from '../../../test/harness/controller';
import { issueToken } from '../auth-tokens/tokens';
import { changed, rows, sql, transaction, type RawBuilder } from '../db/db';
import type { Op } from '../rpc/service';
import { createAuthz } from './authorizer';
import type { Authz, Resource } from './authz';

let controller: TestController;
let token: string;

beforeEach(async () => {
  controller = await startTestController(() => []);
  const { deps } = controller;
  const now = deps.clock.now();
  const owner = { scope_id: 'global', user_id: DEV.user, account_id: DEV.userAccount, auth_method_id: DEV.authMethod };
  token = (await transaction(deps.db, now, (tx) => issueToken(deps, tx, owner, now))).text;
});
afterEach(() => controller.stop());

const newAuthz = (): Authz => createAuthz({ ...controller.deps, audit: () => undefined });

const newOp = (as: string | undefined = token): Op => ({
  id: randomUUID(),
  method: 'test',
  log: controller.deps.log,
  clock: controller.deps.clock,
  signal: new AbortController().signal,
  clientAddress: '127.0.0.1',
  token: as,
  work: new Work(1_000_000_000, 1_000_000),
});

const run = (statement: RawBuilder<unknown>): Promise<number> =>
  transaction(controller.deps.db, controller.deps.clock.now(), (tx) => changed(tx, statement));

const target = (id: string | undefined, scopeId: string = DEV.project): Resource<'target'> => ({
  type: 'target',
  id,
  scopeId,
  parentScopeId: DEV.org,
});
const TARGET = 'ttcp_aaaaaaaaaa';

const may = async (authz: Authz, resource = target(TARGET), action = 'update'): Promise<boolean> =>
  (await authz.decide(newOp(), action, resource)).allowed;

/** A role of a project with these grants; nobody holds it yet. */
async function role(id: string, grants: string[], scope: string = DEV.project): Promise<void> {
  await run(sql`insert into roles (id, scope_id, created_time, updated_time) values (${id}, ${scope}, now(), now())`);
  await run(sql`insert into role_grant_scopes (role_id, special) values (${id}, 'this')`);
  await run(sql`insert into role_grants (role_id, canonical, raw) select ${id}, g, g from unnest(${grants}::text[]) g`);
}
const GRANT = `ids=${TARGET};type=target;actions=update`;
const giveTo = (column: 'user_id' | 'group_id' | 'managed_group_id', id: string): Promise<number> =>
  run(sql`insert into role_principals (role_id, ${sql.ref(column)}) values ('r_1', ${id})`);

async function foreignGrants(projects: number, each: number): Promise<void> {
  await run(sql`insert into scopes (id, type, scope_id, created_time, updated_time)
    select 'p_foreign' || i, 'project', ${DEV.org}, now(), now() from generate_series(1, ${projects}::int) i`);
  await run(sql`insert into roles (id, scope_id, created_time, updated_time)
    select 'r_foreign' || i, 'p_foreign' || i, now(), now() from generate_series(1, ${projects}::int) i`);
  await run(
    sql`insert into role_grant_scopes (role_id, special) select id, 'this' from roles where id like 'r\_foreign%'`,
  );
  await run(sql`insert into role_grants (role_id, canonical, raw)
    select r.id, g, g from roles r, generate_series(1, ${each}::int) i,
      lateral (select 'ids=ttcp_' || r.scope_id || i || ';type=target;actions=delete' as g) t
    where r.id like 'r\_foreign%'`);
  await run(sql`insert into role_principals (role_id, user_id)
    select id, everybody from roles, unnest(array['u_auth', 'u_anon']) everybody where id like 'r\_foreign%'`);
}

/**
 * Steps and statements of what a list of targets asks, by a controller that has just started and
 * then again.
 */
async function costs(as: string | undefined): Promise<[steps: number, statements: number][]> {
  const authz = newAuthz();
  const costs: [number, number][] = [];
  for (let i = 0; i < 2; i++) {
    const op = newOp(as);
    controller.statements.length = 0;
    await authz.decide(op, 'list', target(undefined));
    await authz.grantsHash(op);
    await authz.reach(op, target(undefined));
    for (let n = 0; n < 100; n++) await authz.allowedActions(op, ['read', 'update', 'delete'], target(`ttcp_${n}`));
    costs.push([op.work.steps, controller.statements.length]);
  }
  return costs;
}

test.each([
  ['a user', () => token],
  ['somebody without a token', () => undefined],
])('25,000 grants for everybody in other projects cost %s not one step more', async (_who, as) => {
  const without = await costs(as());
  await foreignGrants(25, 1_000);
  expect(await costs(as())).toEqual(without);
  expect(without.map(([, statements]) => statements)).toEqual([1, 1]);
});

test('a request over all scopes parses what is new to the controller, pausing meanwhile, and the next one nothing', async () => {
  await foreignGrants(25, 1_000);
  const authz = newAuthz();
  const pauses: number[] = [];
  const everywhere = async (): Promise<number> => {
    const work = new Work(1_000_000_000, 1_000_000, () => Promise.resolve(void pauses.push(1)));
    controller.statements.length = 0;
    await authz.actor({ ...newOp(), work }, 'everywhere');
    expect(controller.statements).toHaveLength(1);
    return work.steps;
  };
  expect(await everywhere()).toBeGreaterThan(1_000_000);
  expect(pauses.length).toBeGreaterThan(0);
  expect(await everywhere()).toBe(0);
  // A change in one of the projects costs that project's grants and no others.
  await run(sql`delete from role_grants where role_id = 'r_foreign7' and canonical like '%foreign71;%'`);
  expect(await everywhere()).toBeLessThan(2 * 1_000 * 500);
});

test('a decision walks the grants that name its item, however many name others', async () => {
  const others = Array.from({ length: 999 }, (_, i) => `ids=ttcp_${String(i).padStart(10, '0')};actions=update`);
  await role('r_1', [...others, GRANT]);
  await giveTo('user_id', DEV.user);
  const authz = newAuthz();
  await may(authz);
  const op = newOp();
  expect((await authz.decide(op, 'update', target(TARGET))).allowed).toBe(true);
  // Those of the dev roles that name no item, and the one that names it.
  expect(op.work.steps).toBeLessThan(200);
});

/** Ways to hold a right, each with what takes it away. */
const WAYS: Record<string, { give: () => Promise<unknown>; take: RawBuilder<unknown> }> = {
  'a grant': { give: () => giveTo('user_id', DEV.user), take: sql`delete from role_grants where role_id = 'r_1'` },
  'another grant in its place': {
    give: () => giveTo('user_id', DEV.user),
    take: sql`update role_grants set canonical = 'ids=ttcp_b;actions=read' where role_id = 'r_1'`,
  },
  'a grant scope': {
    give: () => giveTo('user_id', DEV.user),
    take: sql`delete from role_grant_scopes where role_id = 'r_1'`,
  },
  'a principal': {
    give: () => giveTo('user_id', DEV.user),
    take: sql`delete from role_principals where role_id = 'r_1'`,
  },
  'a role': { give: () => giveTo('user_id', DEV.user), take: sql`delete from roles where id = 'r_1'` },
  'the role of everybody': {
    give: () => giveTo('user_id', 'u_auth'),
    take: sql`delete from role_principals where user_id = 'u_auth' and role_id = 'r_1'`,
  },
  'a member of a group': { give: giveByGroup, take: sql`delete from group_members where group_id = 'g_1'` },
  'everybody as a member of a group': {
    give: () => giveByGroup('u_auth'),
    take: sql`delete from group_members where group_id = 'g_1'`,
  },
  'a group': { give: () => giveByGroup(), take: sql`delete from groups where id = 'g_1'` },
  'a member of a managed group': { give: giveByManagedGroup, take: sql`delete from managed_group_members` },
  'a managed group': { give: giveByManagedGroup, take: sql`delete from managed_groups` },
  'an account that leaves its user': {
    give: giveByManagedGroup,
    take: sql`update accounts set user_id = null where id = 'acctldap_1'`,
  },
  'an account': { give: giveByManagedGroup, take: sql`delete from accounts where id = 'acctldap_1'` },
  'an auth method': { give: giveByManagedGroup, take: sql`delete from auth_methods where id = 'amldap_1'` },
};

async function giveByGroup(member: string = DEV.user): Promise<void> {
  await run(
    sql`insert into groups (id, scope_id, created_time, updated_time) values ('g_1', ${DEV.org}, now(), now())`,
  );
  await giveTo('group_id', 'g_1');
  await run(sql`insert into group_members (group_id, user_id) values ('g_1', ${member})`);
}

async function giveByManagedGroup(): Promise<void> {
  await run(sql`insert into auth_methods (id, scope_id, type, created_time, updated_time)
    values ('amldap_1', 'global', 'ldap', now(), now())`);
  await run(sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time)
    values ('acctldap_1', 'amldap_1', 'global', 'ldap', ${DEV.user}, now(), now())`);
  await run(sql`insert into managed_groups (id, auth_method_id, scope_id, type, group_names, created_time, updated_time)
    values ('mgldap_1', 'amldap_1', 'global', 'ldap', '{a}', now(), now())`);
  await run(sql`insert into managed_group_members (managed_group_id, account_id, auth_method_id)
    values ('mgldap_1', 'acctldap_1', 'amldap_1')`);
  await giveTo('managed_group_id', 'mgldap_1');
}

test.each(Object.keys(WAYS))(
  'what is given and taken counts at the next request of every controller: %s',
  async (way) => {
    const [one, another] = [newAuthz(), newAuthz()];
    const seen = async () => [await may(one), await may(another)];
    await role('r_1', [GRANT]);
    expect(await seen()).toEqual([false, false]);
    await WAYS[way]!.give();
    expect(await seen()).toEqual([true, true]);
    await run(WAYS[way]!.take);
    expect(await seen()).toEqual([false, false]);
  },
);

test('of 50 writers at once each sees at its next request what it has written', async () => {
  const authz = newAuthz();
  await role('r_1', [GRANT]);
  await giveTo('user_id', DEV.user);
  const writers = Array.from({ length: 50 }, async (_, i) => {
    const id = `ttcp_writer${i}`;
    const grant = `ids=${id};actions=update`;
    const seen: boolean[] = [];
    await run(sql`insert into role_grants (role_id, canonical, raw) values ('r_1', ${grant}, ${grant})`);
    seen.push(await may(authz, target(id)));
    await run(sql`delete from role_grants where canonical = ${grant}`);
    seen.push(await may(authz, target(id)));
    return seen;
  });
  expect(await Promise.all(writers)).toEqual(Array<boolean[]>(50).fill([true, false]));
});

test('what happens in one scope leaves the versions of others alone', async () => {
  const versions = () =>
    rows<{ scope_id: string }>(controller.deps.db.executor, sql`select * from scope_access_versions order by scope_id`);
  await role('r_1', [GRANT]);
  const before = await versions();
  await giveTo('user_id', DEV.user);
  const after = await versions();
  const differing = after.filter((version, i) => JSON.stringify(version) !== JSON.stringify(before[i]));
  expect(differing.map(({ scope_id }) => scope_id)).toEqual([DEV.project]);
});

test('a role that has gone with its scope gives nothing, and leaves no version behind', async () => {
  await foreignGrants(1, 1);
  const authz = newAuthz();
  const item = target('ttcp_p_foreign11', 'p_foreign1');
  expect(await may(authz, item, 'delete')).toBe(true);
  await run(sql`delete from scopes where id = 'p_foreign1'`);
  expect(await may(authz, item, 'delete')).toBe(false);
  const left = await rows(
    controller.deps.db.executor,
    sql`select from scope_access_versions where scope_id = 'p_foreign1'`,
  );
  expect(left).toEqual([]);
});

test('only a token of the recovery key may do everything: a login as the recovery user is worth nothing', async () => {
  const { deps } = controller;
  await run(sql`alter table auth_tokens drop constraint built_in_users_have_no_tokens`);
  const now = deps.clock.now();
  const owner = {
    scope_id: 'global',
    user_id: 'u_recovery',
    account_id: DEV.userAccount,
    auth_method_id: DEV.authMethod,
  };
  const { text } = await transaction(deps.db, now, (tx) => issueToken(deps, tx, owner, now));
  const authz = newAuthz();
  const op = newOp(text);
  expect((await authz.actor(op)).userId).toBe('u_recovery');
  expect((await authz.decide(op, 'update', target(TARGET))).allowed).toBe(false);
  expect(await authz.allowedActions(op, ['update'], target(TARGET))).toEqual([]);
});
