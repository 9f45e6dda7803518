import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { LOGIN_METHOD, LOGIN_SCOPE } from '../../login/login-flags';

export const command = defineCommand({
  synopsis: 'Log in with an OIDC provider, in the browser',
  description:
    'Opens the page of the provider in the browser, waits until the login there is over, and stores the token in the ' +
    'keyring. With -format json the token is printed instead of stored.',
  examples: ['authenticate oidc -auth-method-id amoidc_1234567890'],
  flags: apiFlags(LOGIN_METHOD, LOGIN_SCOPE),
  run: async (context) => (await import('../../login/login')).logInWith(context, 'oidc'),
});
