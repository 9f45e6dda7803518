import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { LOGIN_METHOD, LOGIN_SCOPE, PASSWORD_FLAGS } from '../../login/login-flags';

export const command = defineCommand({
  synopsis: 'Log in with a login name and a password',
  description:
    'Logs in and stores the token in the keyring, where later commands find it. With -format json the token is printed ' +
    'instead of stored.',
  examples: [
    'authenticate password -auth-method-id ampw_1234567890 -login-name alice',
    'authenticate password -login-name alice -password env://MY_PASSWORD -keyring-type none',
  ],
  flags: apiFlags(LOGIN_METHOD, LOGIN_SCOPE, ...PASSWORD_FLAGS),
  run: async (context) => (await import('../../login/login')).logInWith(context, 'password'),
});
