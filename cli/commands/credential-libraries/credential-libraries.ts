import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage credential libraries',
  description: 'A credential library obtains credentials from the Vault of its store.',
};
