import { defineCommand } from '../../core/command';
import { CONNECTION, CLIENT, OUTPUT } from '../../core/flags';

export const command = defineCommand({
  synopsis: 'Log out: delete the token here and at the controller',
  examples: ['logout'],
  flags: [CONNECTION, CLIENT, OUTPUT],
  run: async (context) => (await import('../../login/logout')).logOut(context),
});
