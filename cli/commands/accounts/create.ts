import { createCommand, kinds } from '../../core/builders';
import { newSecret } from '../../core/secrets';
import { LOGIN_NAME } from '../../resources/account-fields';
import { accounts } from '../../resources/accounts';
import { OIDC_ACCOUNT } from '../../resources/oidc-fields';

export const command = kinds('Create an account', {
  password: createCommand(accounts, {
    kind: 'password',
    fields: [{ ...LOGIN_NAME, required: true }],
    more: [
      {
        name: 'password',
        type: 'string',
        description: 'Where to find the password: env://NAME or file://PATH. Asked for when absent.',
      },
    ],
    examples: [
      'accounts create password -auth-method-id ampw_1234567890 -login-name alice -password env://NEW_PASSWORD',
    ],
    async complete(context, { item }) {
      (item.attributes as Record<string, unknown>).password = await newSecret(context, 'password', 'password');
    },
  }),
  oidc: createCommand(accounts, {
    kind: 'oidc',
    fields: OIDC_ACCOUNT,
    examples: ['accounts create oidc -auth-method-id amoidc_1234567890 -subject 248289761001'],
  }),
  ldap: createCommand(accounts, {
    kind: 'ldap',
    fields: [{ ...LOGIN_NAME, required: true }],
    examples: ['accounts create ldap -auth-method-id amldap_1234567890 -login-name alice'],
  }),
});
