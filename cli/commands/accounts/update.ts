import { kinds, updateCommand } from '../../core/builders';
import { LOGIN_NAME } from '../../resources/account-fields';
import { accounts } from '../../resources/accounts';

export const command = kinds('Update an account', {
  password: updateCommand(accounts, {
    kind: 'password',
    fields: [LOGIN_NAME],
    examples: ['accounts update password -id acctpw_1234567890 -login-name alice'],
  }),
  oidc: updateCommand(accounts, {
    kind: 'oidc',
    examples: ['accounts update oidc -id acctoidc_1234567890 -name alice'],
  }),
  ldap: updateCommand(accounts, {
    kind: 'ldap',
    examples: ['accounts update ldap -id acctldap_1234567890 -name alice'],
  }),
});
