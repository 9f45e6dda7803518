import { updateCommand, kinds } from '../../core/builders';
import { LENGTHS } from '../../resources/auth-method-fields';
import { authMethods } from '../../resources/auth-methods';
import { LDAP } from '../../resources/ldap-fields';
import { OIDC_UPDATE } from '../../resources/oidc-fields';

export const command = kinds('Update an auth method', {
  password: updateCommand(authMethods, {
    kind: 'password',
    fields: LENGTHS,
    examples: ['auth-methods update password -id ampw_1234567890 -min-password-length 12'],
  }),
  oidc: updateCommand(authMethods, {
    kind: 'oidc',
    fields: OIDC_UPDATE,
    examples: ['auth-methods update oidc -id amoidc_1234567890 -max-age 3600'],
  }),
  ldap: updateCommand(authMethods, {
    kind: 'ldap',
    fields: LDAP,
    examples: ['auth-methods update ldap -id amldap_1234567890 -state active-public'],
  }),
});
