import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage storage buckets',
  description:
    'Storage buckets belong to session recordings, which this edition does not have: the controller refuses every call.',
};
