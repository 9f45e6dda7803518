import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage credentials',
  description: 'A credential is kept in a static store. Targets broker it to the users of their sessions.',
};
