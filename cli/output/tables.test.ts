/**
 * The layouts that scripts and people know, block by block. Times are in the zone of the tests, so
 * they are UTC here.
 */
import { accounts } from './accounts';
import { authMethods } from './auth-methods';
import { authTokens } from './auth-tokens';
import { groups as groupNoun } from '../nouns/groups';
import { hostCatalogs } from './host-catalogs';
import { hostSets } from './host-sets';
import { hosts } from './hosts';
import { roles as roleNoun } from '../nouns/roles';
import { scopes } from './scopes';
import { sessions } from './sessions';
import { listTable, type Item, type Presenter } from './table';
import { sessionAuthorization, targets } from './targets';
import { users as userNoun } from '../nouns/users';
import { workers } from './workers';
import { wrapBlocks } from '../io/wrap';
import { localTime } from './format';

const { presenter: groups } = groupNoun;
const { presenter: roles } = roleNoun;
const { presenter: users } = userNoun;

const T = '2023-01-24T17:09:53.000Z';
const time = localTime(T);

const PROJECT = { id: 'p_oMgeFL2hP6', type: 'project', name: 'QA_Tests', parent_scope_id: 'o_u54jrD6ydN' };
const ORG = { id: 'o_u54jrD6ydN', type: 'org', name: 'IT_Support', parent_scope_id: 'global' };
const GLOBAL = { id: 'global', type: 'global', name: 'global' };
const CRUD = ['no-op', 'read', 'update', 'delete'];
const DATES = { created_time: T, updated_time: T };

const list = (presenter: Presenter, items: Item[], recursive = false): string =>
  wrapBlocks(listTable(presenter.list, items, recursive), 78);
const item = (presenter: Presenter, value: Item): string => wrapBlocks(presenter.item(value), 78);

const EMPTY: [Presenter, string][] = [
  [scopes, 'No child scopes found'],
  [users, 'No users found'],
  [groups, 'No groups found'],
  [roles, 'No roles found'],
  [authMethods, 'No auth methods found'],
  [accounts, 'No accounts found'],
  [authTokens, 'No auth tokens found'],
  [hostCatalogs, 'No host catalogs found'],
  [hostSets, 'No host sets found'],
  [hosts, 'No hosts found'],
  [targets, 'No targets found'],
  [sessions, 'No sessions found'],
  [workers, 'No workers found'],
];
test.each(EMPTY)('%# an empty list is one line', (presenter, line) => expect(list(presenter, [])).toBe(line));

test('list of targets', () => {
  const target = { id: 'ttcp_34yV5O9cwt', scope: PROJECT, version: 2, type: 'tcp', name: 'tests' };
  const actions = ['no-op', 'read', 'authorize-session'];
  expect(list(targets, [{ ...target, description: 'Test target', authorized_actions: actions }])).toBe(`
Target information:
  ID:                    ttcp_34yV5O9cwt
    Version:             2
    Type:                tcp
    Name:                tests
    Description:         Test target
    Authorized Actions:
      no-op
      read
      authorize-session`);
});

test('list of hosts: an empty line between items', () => {
  const host = { version: 1, type: 'static', authorized_actions: ['read'] };
  expect(
    list(hosts, [
      { ...host, id: 'hst_FrdNPd9Zm9', name: 'localhost' },
      { ...host, id: 'hst_U1qYKzKfXO', name: 'postgres' },
    ]),
  ).toBe(`
Host information:
  ID:                    hst_FrdNPd9Zm9
    Version:             1
    Type:                static
    Name:                localhost
    Authorized Actions:
      read

  ID:                    hst_U1qYKzKfXO
    Version:             1
    Type:                static
    Name:                postgres
    Authorized Actions:
      read`);
});

test('recursive list of scopes tells the scope of each', () => {
  const org = { id: 'o_1234567890', scope: GLOBAL, version: 1, name: 'Generated org scope', authorized_actions: CRUD };
  expect(list(scopes, [org], true)).toBe(`
Scope information:
  ID:                    o_1234567890
    Scope ID:            global
    Version:             1
    Name:                Generated org scope
    Authorized Actions:
      no-op
      read
      update
      delete`);
});

test('an anonymous caller sees few fields', () => {
  expect(list(scopes, [{ name: 'x', authorized_actions: ['no-op'] }])).toBe(`
Scope information:
  ID:                    (not available)
    Name:                x
    Authorized Actions:
      no-op`);
});

const SESSION = {
  id: 's_gEbbaTbBw2',
  scope: PROJECT,
  ...DATES,
  version: 2,
  type: 'tcp',
  expiration_time: T,
  auth_token_id: 'at_CMcMUgC23p',
  user_id: 'u_1234567890',
  host_set_id: 'hsst_LzkHrusOQt',
  host_id: 'hst_DHei2VpkBH',
  target_id: 'ttcp_wtXnow8Krb',
  endpoint: 'tcp://127.0.0.1:16001',
  status: 'active',
  authorized_actions: ['read', 'cancel'],
};

test('list of sessions', () => {
  expect(list(sessions, [SESSION])).toBe(`
Session information:
  ID:                    s_gEbbaTbBw2
    Status:              active
    Created Time:        ${time}
    Expiration Time:     ${time}
    Updated Time:        ${time}
    User ID:             u_1234567890
    Target ID:           ttcp_wtXnow8Krb
    Authorized Actions:
      read
      cancel`);
});

const STATES = [
  { status: 'active', start_time: T },
  { status: 'pending', start_time: T, end_time: T },
];
const ADDRESSES = {
  client_tcp_address: '127.0.0.1',
  client_tcp_port: 60434,
  endpoint_tcp_address: '::1',
  endpoint_tcp_port: 16001,
};
const CLOSED = { closed_reason: 'closed by end-user', closed_by: 'client', cause: 'fin' };

test('a session with connections: each record ends with an empty line', () => {
  const connections = [
    { ...ADDRESSES, bytes_up: '256', bytes_down: '587' },
    { ...ADDRESSES, bytes_up: '0', bytes_down: '25', ...CLOSED },
  ];
  expect(item(sessions, { ...SESSION, states: STATES, connections })).toBe(`
Session information:
  Auth Token ID:       at_CMcMUgC23p
  Created Time:        ${time}
  Endpoint:            tcp://127.0.0.1:16001
  Expiration Time:     ${time}
  Host ID:             hst_DHei2VpkBH
  Host Set ID:         hsst_LzkHrusOQt
  ID:                  s_gEbbaTbBw2
  Status:              active
  Target ID:           ttcp_wtXnow8Krb
  Type:                tcp
  Updated Time:        ${time}
  User ID:             u_1234567890
  Version:             2

  Scope:
    ID:                p_oMgeFL2hP6
    Name:              QA_Tests
    Parent Scope ID:   o_u54jrD6ydN
    Type:              project

  Authorized Actions:
    read
    cancel

  States:
    Start Time:        ${time}
    Status:            active

    End Time:          ${time}
    Start Time:        ${time}
    Status:            pending


  Connections:
    Bytes Down:        587
    Bytes Up:          256
    Client Address:    127.0.0.1:60434
    Endpoint Address:  [::1]:16001

    Bytes Down:        25
    Bytes Up:          0
    Client Address:    127.0.0.1:60434
    Closed Reason:     closed by end-user
    Closed By:         client
    Cause:             fin
    Endpoint Address:  [::1]:16001
`);
});

test('a termination reason moves every value of the session one column', () => {
  const text = item(sessions, { ...SESSION, status: 'terminated', termination_reason: 'canceled', states: STATES });
  expect(text).toContain('  Auth Token ID:        at_CMcMUgC23p\n');
  expect(text).toContain('  Termination Reason:   canceled\n');
  expect(text).toContain('    ID:                 p_oMgeFL2hP6\n');
  expect(text).toContain(`    Start Time:         ${time}\n`);
  expect(text.endsWith('    Status:             pending\n')).toBe(true);
});

test('an authorization: the token stands on a line of its own, an empty line ends it', () => {
  const token = '3vYggdcgyASTqU5dvh8v'.repeat(40);
  const authorization = {
    session_id: 's_mraN5QJr7t',
    target_id: 'ttcp_wtXnow8Krb',
    scope: PROJECT,
    created_time: T,
    user_id: 'u_1234567890',
    host_id: 'hst_DHei2VpkBH',
    type: 'tcp',
    authorization_token: token,
    endpoint: 'tcp://127.0.0.1:16001',
  };
  expect(wrapBlocks(sessionAuthorization(authorization), 78)).toBe(`
Target information:
  Authorization Token:
  ${token}
  Created Time:          ${time}
  Endpoint:              tcp://127.0.0.1:16001
  Host ID:               hst_DHei2VpkBH
  Scope ID:              p_oMgeFL2hP6
  Session ID:            s_mraN5QJr7t
  Target ID:             ttcp_wtXnow8Krb
  Type:                  tcp
  User ID:               u_1234567890
`);
});

test('a target with host sources', () => {
  const target = {
    id: 'ttcp_1',
    scope: PROJECT,
    ...DATES,
    name: 'tests',
    version: 2,
    type: 'tcp',
    session_max_seconds: 28800,
    session_connection_limit: -1,
    host_sources: [{ id: 'hsst_1', host_catalog_id: 'hcst_1' }],
    attributes: { default_port: 9999 },
    authorized_actions: ['read'],
  };
  expect(item(targets, target)).toBe(`
Target information:
  Created Time:               ${time}
  ID:                         ttcp_1
  Name:                       tests
  Session Connection Limit:   -1
  Session Max Seconds:        28800
  Type:                       tcp
  Updated Time:               ${time}
  Version:                    2

  Scope:
    ID:                       p_oMgeFL2hP6
    Name:                     QA_Tests
    Parent Scope ID:          o_u54jrD6ydN
    Type:                     project

  Authorized Actions:
    read

  Host Sources:
    Host Catalog ID:          hcst_1
    ID:                       hsst_1

  Attributes:
    Default Port:             9999`);
});

test('a scope: parent, and actions on collections', () => {
  const scope = {
    id: 'p_1',
    scope: ORG,
    ...DATES,
    version: 1,
    authorized_actions: ['read'],
    authorized_collection_actions: { targets: ['create', 'list'], groups: ['list'] },
  };
  expect(item(scopes, scope)).toBe(`
Scope information:
  Created Time:        ${time}
  ID:                  p_1
  Updated Time:        ${time}
  Version:             1

  Scope (parent):
    ID:                o_u54jrD6ydN
    Name:              IT_Support
    Parent Scope ID:   global
    Type:              org

  Authorized Actions:
    read

  Authorized Actions on Scope's Collections:
    groups:
      list
    targets:
      create
      list`);
  expect(item(scopes, { ...scope, authorized_collection_actions: undefined }).endsWith('    read\n')).toBe(true);
});

test('a role has columns of its own for principals and grant scopes', () => {
  const role = {
    id: 'r_1',
    scope: GLOBAL,
    ...DATES,
    version: 1,
    authorized_actions: ['read'],
    principals: [{ id: 'u_1234567890', type: 'user', scope_id: 'global' }],
    grants: [{ canonical: 'ids=*;type=*;actions=*' }],
    grant_scope_ids: ['children', 'this'],
  };
  expect(item(roles, role).split('Authorized Actions:')[1]).toBe(`
    read

  Principals:
    ID:             u_1234567890
      Type:         user
      Scope ID:     global

  Canonical Grants:
    ids=*;type=*;actions=*

  Grant Scope IDs:
    ID:             children
    ID:             this`);
});

test('attribute labels widen the column of the whole item', () => {
  const method = {
    id: 'ampw_1',
    scope: ORG,
    ...DATES,
    name: 'pw',
    version: 1,
    type: 'password',
    attributes: { min_password_length: 9, min_login_name_length: 3 },
    authorized_actions: ['authenticate'],
    authorized_collection_actions: { accounts: ['create'] },
  };
  expect(item(authMethods, method)).toBe(`
Auth Method information:
  Created Time:                ${time}
  ID:                          ampw_1
  Name:                        pw
  Type:                        password
  Updated Time:                ${time}
  Version:                     1

  Scope:
    ID:                        o_u54jrD6ydN
    Name:                      IT_Support
    Parent Scope ID:           global
    Type:                      org

  Authorized Actions:
    authenticate

  Authorized Actions on Auth Method's Collections:
    accounts:
      create

  Attributes:
    Minimum Login Name Length: 3
    Minimum Password Length:   9`);
  expect(list(authMethods, [{ ...method, is_primary: true }])).toContain('\n    Is Primary For Scope: true\n');
});

test('members of groups, accounts of users, hosts of sets', () => {
  const base = { ...DATES, scope: ORG, version: 1, authorized_actions: ['read'] };
  const member = { id: 'u_1', scope_id: 'o_1' };
  const tail = `    ID:                u_1\n    Scope ID:          o_1\n`;
  expect(item(groups, { ...base, id: 'g_1', members: [member] }).endsWith(`\n\n  Members:\n${tail}`)).toBe(true);
  expect(item(users, { ...base, id: 'u_2', accounts: [member] }).endsWith(`\n\n  Accounts:\n${tail}`)).toBe(true);
  expect(item(users, { ...base, id: 'u_2', primary_account_id: 'a_1' })).toContain('  Primary Account Id:   a_1\n');
  expect(item(hostSets, { ...base, id: 'hsst_1', host_ids: ['hst_1', 'hst_2'] })).toMatch(
    /read\n\n {2}Host IDs:\n {4}hst_1\n {4}hst_2$/,
  );
  const host = { ...base, id: 'hst_1', host_set_ids: ['hsst_1'], attributes: { address: '127.0.0.1' } };
  expect(item(hosts, host)).toMatch(
    /\n\n {2}Host Set IDs:\n {4}hsst_1\n\n {2}Attributes:\n {4}address: {11}127\.0\.0\.1$/,
  );
  expect(item(accounts, { ...base, id: 'acctpw_1', attributes: { login_name: 'alice' } })).toMatch(
    /\n\n {2}Attributes:\n {4}Login Name: {8}alice$/,
  );
});

test('auth tokens and their list have columns of their own', () => {
  const token = { id: 'at_1', scope: GLOBAL, ...DATES, user_id: 'u_1', authorized_actions: ['read'] };
  expect(list(authTokens, [token])).toContain('  ID:                            at_1\n');
  expect(item(authTokens, { ...token, approximate_last_used_time: T })).toContain(
    '  ID:                           at_1\n',
  );
});

test('a worker: tags, and an activation token on a line of its own', () => {
  const worker = {
    id: 'w_1',
    scope: GLOBAL,
    ...DATES,
    version: 1,
    type: 'pki',
    active_connection_count: 0,
    controller_generated_activation_token: `neslat_${'2'.repeat(60)}`,
    api_tags: { type: ['prod'], region: ['eu', 'us'] },
    authorized_actions: ['read'],
  };
  const text = item(workers, worker);
  expect(text).toContain(
    '  Active Connection Count:                 0\n  Controller-Generated Activation Token:\n  neslat_2',
  );
  expect(text).toContain(
    '\n  Tags:\n    Api:\n      region: ["eu" "us"]\n      type: ["prod"]\n\n  Authorized Actions:',
  );
  expect(list(workers, [{ ...worker, last_status_time: T }])).toContain(
    '    Last Status Time:        Tue, 24 Jan 2023 17:09:53 UTC\n',
  );
});
