import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { LOGIN_METHOD, LOGIN_SCOPE, PASSWORD_FLAGS } from '../../login/login-flags';

export const command = defineCommand({
  synopsis: 'Log in with the login name and the password of an LDAP directory',
  description: 'Logs in like "authenticate password"; the directory checks the password.',
  examples: ['authenticate ldap -auth-method-id amldap_1234567890 -login-name alice'],
  flags: apiFlags(LOGIN_METHOD, LOGIN_SCOPE, ...PASSWORD_FLAGS),
  run: async (context) => (await import('../../login/login')).logInWith(context, 'ldap'),
});
