import fc from 'fast-check';
import { collectionActions, collectionsInScope, idActions, typeOfId } from './actions';
import {
  checkSegments,
  decide,
  GrantError,
  parseGrant,
  reaches,
  type HeldGrant,
  type Resource,
  type Subject,
} from './grants';

const accepted: [string, string][] = [
  ['ids=*;type=*;actions=*', 'ids=*;type=*;actions=*'],
  ['ids=*;type=target;actions=read,list', 'ids=*;type=target;actions=list,read'],
  ['type=target;actions=list,create', 'type=target;actions=create,list'],
  ['type=target;actions=create', 'type=target;actions=create'],
  ['type=worker;actions=create:worker-led', 'type=worker;actions=create:worker-led'],
  ['type=target;output_fields=id', 'type=target;output_fields=id'],
  ['ids=ttcp_1234567890;actions=read,authorize-session', 'ids=ttcp_1234567890;actions=authorize-session,read'],
  ['ids=ttcp_2,ttcp_1;type=target;actions=read', 'ids=ttcp_2,ttcp_1;type=target;actions=read'],
  ['ids=hcst_1;type=host;actions=list,create,read', 'ids=hcst_1;type=host;actions=create,list,read'],
  ['ids=hcst_1;type=*;actions=*', 'ids=hcst_1;type=*;actions=*'],
  ['ids=ampw_1;type=account;actions=*', 'ids=ampw_1;type=account;actions=*'],
  ['ids={{.User.Id}};actions=read', 'ids={{.User.Id}};actions=read'],
  ['ids={{user.id}};type=user;actions=read', 'ids={{user.id}};type=user;actions=read'],
  ['ids={{ .Account.Id }};actions=read', 'ids={{ .Account.Id }};actions=read'],
  ['ids={{account.id}};actions=change-password,read', 'ids={{account.id}};actions=change-password,read'],
  ['ids={{.User.Id}},{{.Account.Id}};actions=read', 'ids={{.User.Id}},{{.Account.Id}};actions=read'],
  ['ids=*;type=session;actions=read:self,cancel:self', 'ids=*;type=session;actions=cancel:self,read:self'],
  ['ids=*;type=target;output_fields=name,id', 'ids=*;type=target;output_fields=id,name'],
  ['ids=*;type=target;actions=read;output_fields=*', 'ids=*;type=target;actions=read;output_fields=*'],
  [
    'ids=*;type=target;output_fields=id;actions=read;output_fields=name',
    'ids=*;type=target;actions=read;output_fields=id,name',
  ],
  ['ids=*;type=TARGET;actions=READ', 'ids=*;type=target;actions=read'],
  ['ids=global;actions=read', 'ids=global;actions=read'],
  ['ids=u_anon;actions=read', 'ids=u_anon;actions=read'],
  ['ids=*;type=billing;actions=create', 'ids=*;type=billing;actions=create'],
  ['ids=*;type=credential-library;actions=*', 'ids=*;type=credential-library;actions=*'],
  ['foo=bar;ids=*;type=target;actions=read', 'ids=*;type=target;actions=read'],
  ['ids=o_1234567890;type=scope;actions=read', 'ids=o_1234567890;type=scope;actions=read'],
  ['ids=*;type=target;actions=read;actions=list', 'ids=*;type=target;actions=list'],
  ['ids=*;type=target;actions=read,read', 'ids=*;type=target;actions=read'],
  ['ids=*;type=target;actions=add-host-sets', 'ids=*;type=target;actions=add-host-sets'],
  ['id=ttcp_1;actions=read', 'id=ttcp_1;actions=read'],
  ['{"ids":["*"],"type":"target","actions":["Read"]}', 'ids=*;type=target;actions=read'],
  [
    '{"ids":["ttcp_1"],"actions":["read"],"output_fields":["name","id"],"x":1}',
    'ids=ttcp_1;actions=read;output_fields=id,name',
  ],
];

test.each(accepted)('%s is accepted', (text, canonical) => {
  const grant = parseGrant(text);
  expect(grant.canonical).toBe(canonical);
  expect(parseGrant(canonical).canonical).toBe(canonical);
});

test.each([
  ['', 'empty'],
  ['ids=*', 'missing actions'],
  ['type=target', 'missing actions'],
  ['actions=read', 'contains no id or type'],
  ['ids=*;actions=read', 'contains wildcard id and no specified type'],
  ['ids=*;type=target', 'missing actions'],
  ['ids=*;type=nonsense;actions=read', 'unknown type specifier "nonsense"'],
  ['ids=*;type=controller;actions=read', 'unknown type specifier "controller"'],
  ['ids=*;type=unknown;actions=read', 'unknown type specifier "unknown"'],
  ['ids=*;type=constructor;actions=read', 'unknown type specifier'],
  ['ids=*;type=target;actions=nonsense', 'unknown action "nonsense"'],
  ['ids=*;type=target;actions=', 'missing value'],
  ['ids=*;type=target;actions=read,', 'empty action found'],
  ['ids=,ttcp_1;actions=read', 'empty ID provided'],
  ['ids=*,ttcp_1;type=target;actions=read', 'contains both wildcard and non-wildcard values in "ids" field'],
  ['ids=ttcp_1,u_1;actions=read', 'contains ids of differently-typed resources'],
  ['ids={{.User.Id}},u_1;actions=read', 'contains ids of differently-typed resources'],
  ['ids=ttcp_1;actions=create', 'create or list action in a format'],
  ['ids=ttcp_1;actions=read,list', 'create or list action in a format'],
  ['ids=ttcp_1;type=host;actions=read', 'contains type host that is not a child type of the type (target)'],
  ['ids=acctpw_1;type=account;actions=read', 'contains type account that is not a child type'],
  ['ids=ttcp_1;type=*;actions=read', 'contains an id that does not support child types'],
  ['ids=zz_1;actions=read', 'contains an id "zz_1" of an unknown resource type'],
  ['ids=nounderscore;actions=read', 'of an unknown resource type'],
  ['ids=*;type=target;actions=*,read', '"*" cannot be specified with other actions'],
  ['type=target;actions=read', 'non-create or non-list action'],
  ['type=target;actions=*', 'non-create or non-list action'],
  ['type=target;actions=list,create,read', 'non-create or non-list action'],
  ['type=worker;actions=create,create:worker-led', 'non-create or non-list action'],
  ['type=*;actions=list', 'contains wildcard type with no id value'],
  ['type=account;actions=list', 'would not result in any action being authorized'],
  ['type=billing;actions=monthly-active-users', 'non-create or non-list action'],
  ['ids=ttcp_1;type=target;actions=list', 'would not result in any action being authorized'],
  ['ids={{.Nope.Id}};actions=read', 'unknown template "{{.Nope.Id}}"'],
  ['ids={{.Account.Id}};type=user;actions=read', 'is not a child type'],
  ['id=ttcp_1;ids=ttcp_1;actions=read', 'contains both "id" and "ids" fields'],
  ['ids=*;type=target;actions=read;', 'wrong number of equal signs'],
  ['nonsense', 'wrong number of equal signs'],
  ['ids==*', 'wrong number of equal signs'],
  ['=x', 'missing key'],
  [' ids=*;type=target;actions=read', 'non-create or non-list'],
  ['ids=*; type=target;actions=read', 'wildcard id and no specified type'],
  ['IDS=*;type=TARGET;actions=READ', 'non-create or non-list'],
  ['ids=*;type=target;output_fields=', 'missing value'],
  ['{"ids":["*"],"type":"target"}', 'missing actions'],
  ['{"ids":"*","type":"target","actions":["read"]}', 'as array'],
  ['{bad json', 'JSON'],
  ['{"ids":["*"],"type":"Target","actions":["read"]}', 'unknown type specifier "Target"'],
  ['{"ids":["*;x"],"type":"target","actions":["read"]}', 'not allowed'],
  ['{"ids":[1],"actions":["read"]}', 'as string'],
  ['{"ids":["ttcp_1"],"actions":["read"],"output_fields":[]}', 'empty output fields'],
  ['{"ids":["ttcp_1"],"actions":["read"],"output_fields":[""]}', 'empty output fields'],
  ['ids=ttcp_1;actions=read;output_fields=,', 'empty output fields'],
  [`ids=${'ttcp_1,'.repeat(3000)}ttcp_1;actions=read`, 'longer than'],
])('%s is refused', (text, reason) => {
  expect(() => parseGrant(text)).toThrow(GrantError);
  expect(() => parseGrant(text)).toThrow(reason);
});

test('a grant has a longest length', () => {
  const grant = (characters: number): string => 'ids=ttcp_1;actions=read;x='.padEnd(characters, 'x');
  expect(parseGrant(grant(16_384)).canonical).toBe('ids=ttcp_1;actions=read');
  expect(() => parseGrant(grant(16_385))).toThrow('longer than 16384');
});

const bob: Subject = { userId: 'u_bob', accountId: 'acctpw_bob', anonymous: false };
const anonymous: Subject = { userId: 'u_anon', accountId: undefined, anonymous: true };
const held = (text: string, more: Partial<HeldGrant> = {}): HeldGrant => ({
  grant: parseGrant(text),
  roleId: 'r_1',
  roleScopeId: 'o_1',
  grantScope: 'this',
  ...more,
});
const inOrg = (type: string, id?: string, pin?: string): Resource => ({
  type,
  id,
  pin,
  scopeId: 'o_1',
  parentScopeId: 'global',
});
const may = (grants: string[], resource: Resource, action: string, subject = bob): boolean =>
  decide(
    subject,
    grants.map((text) => held(text)),
    resource,
    action,
  ).allowed;

test('exact ids, collections and wildcards', () => {
  expect(may(['ids=g_1;actions=read'], inOrg('group', 'g_1'), 'read')).toBe(true);
  expect(may(['ids=g_1;actions=read'], inOrg('group', 'g_2'), 'read')).toBe(false);
  expect(may(['ids=g_1;actions=read'], inOrg('group', 'g_1'), 'update')).toBe(false);
  expect(may(['ids=g_1;actions=*'], inOrg('group'), 'list')).toBe(false);
  expect(may(['type=group;actions=list'], inOrg('group'), 'list')).toBe(true);
  expect(may(['type=group;actions=list'], inOrg('group', 'g_1'), 'list')).toBe(false);
  expect(may(['type=group;actions=list'], inOrg('role'), 'list')).toBe(false);
  expect(may(['ids=*;type=group;actions=*'], inOrg('group'), 'create')).toBe(true);
  expect(may(['ids=*;type=group;actions=*'], inOrg('role', 'r_1'), 'read')).toBe(false);
  expect(may(['ids=*;type=*;actions=*'], inOrg('role', 'r_1'), 'read')).toBe(true);
  expect(may([], inOrg('role', 'r_1'), 'read')).toBe(false);
});

test('an action covers its sub-actions, never the reverse', () => {
  expect(may(['ids=*;type=session;actions=read'], inOrg('session', 's_1'), 'read:self')).toBe(true);
  expect(may(['ids=*;type=session;actions=read:self'], inOrg('session', 's_1'), 'read')).toBe(false);
  const inGlobal = held('type=worker;actions=create', { roleScopeId: 'global' });
  const worker = { type: 'worker', scopeId: 'global' };
  expect(decide(bob, [inGlobal], worker, 'create:controller-led').allowed).toBe(true);
});

test('nothing reaches workers, aliases and billing outside of the global scope', () => {
  const everything = held('ids=*;type=*;actions=*', { roleScopeId: 'global', grantScope: 'descendants' });
  for (const type of ['worker', 'alias', 'billing']) {
    expect(decide(bob, [everything], inOrg(type), 'list').allowed).toBe(false);
  }
  expect(decide(bob, [everything], inOrg('group'), 'list').allowed).toBe(true);
});

test('pins reach children only', () => {
  const host = inOrg('host', 'hst_1', 'hcst_1');
  expect(may(['ids=hcst_1;type=host;actions=read,list'], host, 'read')).toBe(true);
  expect(may(['ids=hcst_1;type=host;actions=read,list'], inOrg('host', undefined, 'hcst_1'), 'list')).toBe(true);
  expect(may(['ids=hcst_1;type=host;actions=read,list'], inOrg('host-set', 'hsst_1', 'hcst_1'), 'read')).toBe(false);
  expect(may(['ids=hcst_1;type=*;actions=*'], inOrg('host-set', 'hsst_1', 'hcst_1'), 'read')).toBe(true);
  expect(may(['ids=hcst_1;type=*;actions=*'], inOrg('host-catalog', 'hcst_1'), 'read')).toBe(false);
  expect(may(['ids=hcst_2;type=*;actions=*'], host, 'read')).toBe(false);
});

test('templates stand for the caller', () => {
  expect(may(['ids={{.User.Id}};type=user;actions=read'], inOrg('user', 'u_bob'), 'read')).toBe(true);
  expect(may(['ids={{.User.Id}};type=user;actions=read'], inOrg('user', 'u_eve'), 'read')).toBe(false);
  expect(may(['ids={{ account.id }};actions=read'], inOrg('account', 'acctpw_bob', 'ampw_1'), 'read')).toBe(true);
  const without = { ...bob, accountId: undefined };
  expect(may(['ids={{account.id}};actions=read'], inOrg('account', undefined, 'ampw_1'), 'read', without)).toBe(false);
});

test('anonymous callers list scopes and auth methods and log in, whatever is granted', () => {
  const everything = [
    'ids=*;type=*;actions=*',
    'ids=*;type=scope;actions=*',
    'ids=*;type=auth-method;actions=*',
    'ids=*;type=group;actions=*',
  ];
  const yes: [string, string][] = [];
  for (const type of ['scope', 'auth-method', 'group', 'user', 'target', 'auth-token']) {
    for (const action of [...idActions(type), ...collectionActions(type)]) {
      if (may(everything, inOrg(type, 'x_1'), action, anonymous)) yes.push([type, action]);
    }
  }
  expect(yes).toEqual([
    ['scope', 'no-op'],
    ['scope', 'list'],
    ['auth-method', 'no-op'],
    ['auth-method', 'authenticate'],
    ['auth-method', 'list'],
  ]);
  expect(may(['ids=*;type=*;actions=*'], inOrg('scope'), 'list', anonymous)).toBe(false);
});

test('output fields are the union over matching grants', () => {
  const fields = (texts: string[], subject = bob, action = 'read') =>
    decide(
      subject,
      texts.map((text) => held(text)),
      inOrg('scope', 'o_1'),
      action,
    ).outputFields;
  expect(fields(['ids=*;type=scope;actions=read'])).toBe('all');
  expect(fields(['ids=*;type=scope;actions=read;output_fields=id', 'ids=*;type=scope;output_fields=name'])).toEqual(
    new Set(['id', 'name']),
  );
  expect(fields(['ids=*;type=scope;actions=read;output_fields=id', 'ids=*;type=scope;actions=*;output_fields=*'])).toBe(
    'all',
  );
  expect(fields(['ids=*;type=scope;actions=read', 'ids=*;type=scope;actions=update;output_fields=id'])).toBe('all');
  expect(fields(['ids=*;type=scope;actions=list'], anonymous, 'list')).toBe('default-anonymous');
  expect(fields(['ids=*;type=scope;actions=list;output_fields=id'], anonymous, 'list')).toEqual(new Set(['id']));
  expect(decide(bob, [held('ids=*;type=scope;output_fields=id')], inOrg('scope', 'o_1'), 'read').allowed).toBe(false);
});

test('grant scopes reach the role scope, its children, everything below global, or one scope', () => {
  const at = (scopeId: string, parentScopeId: string | undefined) => ({ scopeId, parentScopeId });
  const grant = (grantScope: string, roleScopeId = 'o_1') =>
    held('ids=*;type=*;actions=*', { grantScope, roleScopeId });
  expect(reaches(grant('this'), at('o_1', 'global'))).toBe(true);
  expect(reaches(grant('this'), at('p_1', 'o_1'))).toBe(false);
  expect(reaches(grant('children'), at('p_1', 'o_1'))).toBe(true);
  expect(reaches(grant('children'), at('o_1', 'global'))).toBe(false);
  expect(reaches(grant('children', 'global'), at('global', undefined))).toBe(false);
  expect(reaches(grant('descendants', 'global'), at('p_1', 'o_1'))).toBe(true);
  expect(reaches(grant('descendants', 'global'), at('global', undefined))).toBe(false);
  expect(reaches(grant('p_1'), at('p_1', 'o_1'))).toBe(true);
  expect(reaches(grant('p_2'), at('p_1', 'o_1'))).toBe(false);
});

test('collections below items name known types and actions', () => {
  expect(typeOfId('u_anon')).toBe('user');
  expect(typeOfId('apw_1')).toBe('account');
  expect(typeOfId('_x')).toBeUndefined();
  expect(
    collectionsInScope('project')
      .map((c) => c.plural)
      .sort(),
  ).toEqual(['credential-stores', 'groups', 'host-catalogs', 'roles', 'scopes', 'sessions', 'targets']);
});

test('parsing any text gives a grant or a reason, and canonical forms are fixed points', () => {
  const words = fc.constantFrom(
    'ids',
    'type',
    'actions',
    'output_fields',
    '=',
    ';',
    ',',
    '*',
    'target',
    'read',
    'list',
    'ttcp_1',
    'hcst_1',
    'host',
    '{{user.id}}',
    '{',
    '}',
    '"',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 16 }), (tokens) => {
      try {
        const { canonical } = parseGrant(tokens.join(''));
        expect(parseGrant(canonical).canonical).toBe(canonical);
      } catch (error) {
        expect(error).toBeInstanceOf(GrantError);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['ids=*;type=target;actions=read;output_feilds=id', 'unknown segment "output_feilds"; did you mean "output_fields"'],
  ['foo=bar;ids=*;type=target;actions=read', 'unknown segment "foo"; a grant has ids, type, actions'],
  ['ids=*;type=target;actions=read;actions=list', '"actions" is given twice'],
  ['ids=*; type=target;actions=read', 'blanks around "type"'],
  ['{"ids":["*"],"type":"target","actions":["read"],"output_feilds":["id"]}', 'did you mean "output_fields"'],
  ['{"ids":["*"],"actions":["read"],"type":"target","actions":["list"]}', '"actions" is given twice'],
])('a segment that would not count is refused: %s', (text, reason) => {
  expect(() => checkSegments(text)).toThrow(reason);
});

test.each([
  'ids=*;type=target;output_fields=id;actions=read;output_fields=name',
  'id=g_1;actions=read',
  '{"ids":["*"],"type":"target","actions":["read"]}',
  '{bad',
])('segments that count pass: %s', (text) => expect(checkSegments(text)).toBeUndefined());
