import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'See how much the deployment is used',
  description: 'Counts of users who opened sessions.',
};
