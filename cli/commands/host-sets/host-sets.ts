import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage host sets',
  description: 'A host set is a set of hosts of one catalog that targets name as a source.',
};
