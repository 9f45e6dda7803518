import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage policies',
  description:
    'Policies belong to session recordings, which this edition does not have: the controller refuses every call.',
};
