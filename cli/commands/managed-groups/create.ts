import { createCommand, kinds } from '../../core/builders';
import { GROUP_FILTER, GROUP_NAMES } from '../../resources/managed-group-fields';
import { managedGroups } from '../../resources/managed-groups';

export const command = kinds('Create a managed group', {
  oidc: createCommand(managedGroups, {
    kind: 'oidc',
    fields: [{ ...GROUP_FILTER, required: true }],
    examples: [
      'managed-groups create oidc -auth-method-id amoidc_1234567890 -filter \'"/token/email" matches "@example.org$"\'',
    ],
  }),
  ldap: createCommand(managedGroups, {
    kind: 'ldap',
    fields: [{ ...GROUP_NAMES, required: true }],
    examples: ['managed-groups create ldap -auth-method-id amldap_1234567890 -group-names admins -group-names staff'],
  }),
});
