import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage credential stores',
  description: 'A credential store keeps the credentials of a project, or obtains them from a Vault.',
};
