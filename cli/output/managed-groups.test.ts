import { managedGroups } from './managed-groups';
import { listTable } from './table';

const scope = { id: 'global', type: 'global', name: 'global' };
const group = {
  id: 'mgldap_1234567890',
  scope,
  name: 'staff',
  version: 2,
  type: 'ldap',
  auth_method_id: 'amldap_1234567890',
  attributes: { group_names: ['a', 'b'] },
  authorized_actions: ['read'],
};

test('one managed group', () => {
  const text = managedGroups.item({ ...group, member_ids: ['acctldap_1', 'acctldap_2'] }).join('\n');
  expect(text).toBe(`
Managed Group information:
  Auth Method ID:      amldap_1234567890
  ID:                  mgldap_1234567890
  Name:                staff
  Type:                ldap
  Version:             2

  Scope:
    ID:                global
    Name:              global
    Type:              global

  Authorized Actions:
    read

  Member IDs:
    acctldap_1
    acctldap_2

  Attributes:
    group_names:       [a b]`);
  const oidc = { ...group, attributes: { filter: '"/token/sub" == "x"' } };
  expect(managedGroups.item(oidc).at(-1)).toBe('    Filter:            "/token/sub" == "x"');
});

test('a list of managed groups', () => {
  expect(listTable(managedGroups.list, [], false)).toEqual(['No managed groups found']);
  expect(listTable(managedGroups.list, [group], false).join('\n')).toBe(`
Managed Group information:
  ID:                    mgldap_1234567890
    Version:             2
    Type:                ldap
    Name:                staff
    Authorized Actions:
      read`);
});
