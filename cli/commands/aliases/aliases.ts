import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage aliases',
  description: 'An alias is a name that stands for a target wherever its id can stand.',
};
