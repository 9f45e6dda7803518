import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage roles',
  description: 'A role gives grants to principals (users and groups) in the scopes that its grant scopes name.',
};
