import { defineCommand } from '../../core/command';
import { FORMAT, KEYRING_TYPE, TOKEN_NAME } from '../../core/flags';

export const command = defineCommand({
  synopsis: 'Print the stored token, or whose it is',
  description:
    'Prints the token of the last login alone on a line, for use in other programs, or one of its properties.',
  examples: ['config get-token', 'config get-token -user-id'],
  flags: [
    {
      title: 'Command Options',
      flags: [
        TOKEN_NAME,
        KEYRING_TYPE,
        FORMAT,
        { name: 'user-id', type: 'bool', description: 'Print the id of the user of the token instead.' },
        { name: 'account-id', type: 'bool', description: 'Print the id of the account of the token instead.' },
        { name: 'auth-method-id', type: 'bool', description: 'Print the id of the auth method of the token instead.' },
      ],
    },
  ],
  run: async (context) => (await import('../../config/get-token')).getToken(context),
});
