import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage groups',
  description: 'A group is a set of users that a role can name as one principal.',
};
