import { defineCommand } from '../../core/command';
import { apiFlags } from '../../core/flags';
import { LOGIN_SCOPE, PASSWORD_FLAGS } from '../../login/login-flags';

export const command = defineCommand({
  synopsis: 'Log in',
  description:
    'Logs in with the primary auth method of a scope and stores the token in the keyring. The subcommand says which ' +
    'kind of auth method it is.',
  examples: ['authenticate', 'authenticate password -login-name alice'],
  flags: apiFlags(LOGIN_SCOPE, ...PASSWORD_FLAGS),
  run: async (context) => (await import('../../login/login')).logInWithPrimary(context),
});
