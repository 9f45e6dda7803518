import { kinds, updateCommand } from '../../core/builders';
import { GROUP_FILTER, GROUP_NAMES } from '../../resources/managed-group-fields';
import { managedGroups } from '../../resources/managed-groups';

export const command = kinds('Update a managed group', {
  oidc: updateCommand(managedGroups, {
    kind: 'oidc',
    fields: [GROUP_FILTER],
    examples: ['managed-groups update oidc -id mgoidc_1234567890 -name staff'],
  }),
  ldap: updateCommand(managedGroups, {
    kind: 'ldap',
    fields: [GROUP_NAMES],
    examples: ['managed-groups update ldap -id mgldap_1234567890 -group-names admins'],
  }),
});
