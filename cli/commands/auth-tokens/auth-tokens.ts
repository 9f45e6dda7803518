import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage auth tokens',
  description: 'An auth token is what a login gives. Deleting it is logging out.',
};
