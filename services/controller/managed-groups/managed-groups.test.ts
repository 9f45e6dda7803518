import { DEV, fieldsOf, startTestController, type TestController } from '../../../test/harness/controller';
import { accountService } from '../accounts/accounts.rpc';
import { authMethodService } from '../auth-methods/auth-methods.rpc';
import { PasswordQueue } from '../auth-methods/passwords';
import { sql, transaction } from '../db/db';
import { groupService } from '../groups/groups.rpc';
import { roleService } from '../roles/roles.rpc';
import { userService } from '../users/users.rpc';
import { managedGroupService } from './managed-groups.rpc';

let controller: TestController;
let ldap: string;
let oidc: string;

const make = async (noun: string, item: object): Promise<any> =>
  (await controller.admin.call(`${noun}Service/Create${noun}`, { item })).item;
const group = (auth_method_id: string, attributes: object, item: object = {}): Promise<any> =>
  make('ManagedGroup', { auth_method_id, attributes, ...item });
const read = async (id: string): Promise<any> =>
  (await controller.admin.call('ManagedGroupService/GetManagedGroup', { id })).item;
const refused = async (method: string, request: object): Promise<Record<string, string>> =>
  fieldsOf(await controller.admin.refusal(`ManagedGroupService/${method}`, request));
/** What a login writes. */
const setGroups = (accountId: string, names: string[]): Promise<unknown> =>
  transaction(controller.deps.db, controller.deps.clock.now(), (tx) =>
    sql`update ldap_accounts set member_of_groups = ${names} where id = ${accountId}`.execute(tx),
  );

beforeAll(async () => {
  controller = await startTestController((deps) => {
    const passwords = new PasswordQueue({ concurrent: 1, clock: deps.clock });
    return [
      authMethodService(deps, passwords),
      accountService(deps, passwords),
      managedGroupService(deps),
      roleService(deps),
      groupService(deps),
      userService(deps),
    ];
  });
  const urls = ['ldap://ldap.example.org'];
  ldap = (await make('AuthMethod', { scope_id: 'global', type: 'ldap', attributes: { urls } })).id;
  const attributes = {
    issuer: 'https://idp.example.org',
    client_id: 'c',
    client_secret: 's',
    api_url_prefix: 'https://a.example.org',
  };
  oidc = (await make('AuthMethod', { scope_id: 'global', type: 'oidc', attributes })).id;
});
afterAll(() => controller.stop());

test('create, read, update, list, delete', async () => {
  const made = await group(ldap, { group_names: ['a', 'b', 'a'] }, { name: 'mg' });
  expect(made).toEqual({
    id: expect.stringMatching(/^mgldap_[0-9A-Za-z]{10}$/),
    scope: expect.objectContaining({ id: 'global' }),
    name: 'mg',
    created_time: expect.any(String),
    updated_time: made.created_time,
    version: 1,
    type: 'ldap',
    auth_method_id: ldap,
    attributes: { group_names: ['a', 'b'] },
    authorized_actions: ['no-op', 'read', 'update', 'delete'],
  });
  const update = { id: made.id, item: { version: 1, attributes: { group_names: ['c'] } } };
  const mask = ['attributes.group_names'];
  const changed = await controller.admin.call('ManagedGroupService/UpdateManagedGroup', {
    ...update,
    update_mask: mask,
  });
  expect(changed.item).toMatchObject({ version: 2, name: 'mg', attributes: { group_names: ['c'] } });
  const stale = { ...update, update_mask: mask };
  expect(await controller.admin.refusal('ManagedGroupService/UpdateManagedGroup', stale)).toMatchObject({
    status: 404,
    message: `Managed Group \\"${made.id}\\" doesn't exist or incorrect version provided.`,
  });
  const listed = await controller.admin.call('ManagedGroupService/ListManagedGroups', { auth_method_id: ldap });
  expect(listed.items).toEqual([changed.item]);
  await controller.admin.call('ManagedGroupService/DeleteManagedGroup', { id: made.id });
  const again = await controller.admin.call('ManagedGroupService/ListManagedGroups', {
    auth_method_id: ldap,
    list_token: listed.list_token,
  });
  expect(again.removed_ids).toContain(made.id);
});

test('an OIDC group has a filter that parses', async () => {
  const filter = '"/token/sub" == "x"';
  const made = await group(oidc, { filter });
  expect(made).toMatchObject({ type: 'oidc', attributes: { filter } });
  const bad = { item: { auth_method_id: oidc, attributes: { filter: 'nope' } } };
  expect((await refused('CreateManagedGroup', bad))['attributes.filter']).toMatch(
    /^Error evaluating submitted filter expression/,
  );
  const cleared = {
    id: made.id,
    item: { version: 1, attributes: { filter: null } },
    update_mask: ['attributes.filter'],
  };
  expect(await refused('UpdateManagedGroup', cleared)).toEqual({ 'attributes.filter': 'Field cannot be empty.' });
  expect((await read(made.id)).attributes).toEqual({ filter });
});

test.each([
  [() => ({ auth_method_id: DEV.authMethod }), { auth_method_id: 'Unknown auth method type from ID.' }],
  [() => ({ auth_method_id: oidc }), { 'attributes.filter': 'This field is required.' }],
  [
    () => ({ auth_method_id: ldap, attributes: { group_names: [] } }),
    { 'attributes.group_names': 'This field is required.' },
  ],
  [
    () => ({ auth_method_id: ldap, type: 'oidc', attributes: { group_names: ['a'] } }),
    { type: "Doesn't match the parent resource's type." },
  ],
  [
    () => ({ auth_method_id: ldap, attributes: { filter: 'x' } }),
    { attributes: 'Attribute fields do not match the expected format.' },
  ],
])('refusal %#', async (item, fields) => {
  expect(await refused('CreateManagedGroup', { item: item() })).toEqual(fields);
});

test('LDAP members follow the groups of the account and the names of the group at once', async () => {
  const made = await group(ldap, { group_names: ['staff', 'admins'] });
  const account = await make('Account', { auth_method_id: ldap, attributes: { login_name: 'ann' } });
  expect(await read(made.id)).not.toHaveProperty('member_ids');
  await setGroups(account.id, ['others', 'staff']);
  expect((await read(made.id)).member_ids).toEqual([account.id]);
  const shown = await controller.admin.call('AccountService/GetAccount', { id: account.id });
  expect(shown.item).toMatchObject({
    managed_group_ids: [made.id],
    attributes: { login_name: 'ann', member_of_groups: ['others', 'staff'] },
  });
  const update = { id: made.id, item: { version: 1, attributes: { group_names: ['admins'] } } };
  await controller.admin.call('ManagedGroupService/UpdateManagedGroup', { ...update, update_mask: ['attributes'] });
  expect(await read(made.id)).not.toHaveProperty('member_ids');
});

test('a managed group is a principal: its members have the grants of the role, until they leave', async () => {
  const made = await group(ldap, { group_names: ['granted'] });
  const account = await make('Account', { auth_method_id: ldap, attributes: { login_name: 'bob' } });
  const role = await make('Role', { scope_id: 'global' });
  const edit = { id: role.id, version: 1 };
  const held = await controller.admin.call('RoleService/AddRolePrincipals', { ...edit, principal_ids: [made.id] });
  expect(held.item.principals).toEqual([{ id: made.id, type: 'managed group', scope_id: 'global' }]);
  const grants = { ...edit, version: 2, grant_strings: ['ids=*;type=group;actions=list'] };
  await controller.admin.call('RoleService/AddRoleGrants', grants);
  const version = (await controller.admin.call('UserService/GetUser', { id: DEV.user })).item.version as number;
  await controller.admin.call('UserService/AddUserAccounts', { id: DEV.user, version, account_ids: [account.id] });
  const list = { scope_id: 'global' };
  expect(await controller.user.refusal('GroupService/ListGroups', list)).toMatchObject({ status: 403 });
  await setGroups(account.id, ['granted']);
  await controller.user.call('GroupService/ListGroups', list);
  await setGroups(account.id, []);
  expect(await controller.user.refusal('GroupService/ListGroups', list)).toMatchObject({ status: 403 });
  await controller.admin.call('ManagedGroupService/DeleteManagedGroup', { id: made.id });
  const left = await controller.admin.call('RoleService/GetRole', { id: role.id });
  expect(left.item).not.toHaveProperty('principals');
});
