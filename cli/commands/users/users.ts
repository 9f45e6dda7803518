import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage users',
  description: 'A user is a person or a program. Accounts prove who it is, roles say what it may do.',
};
