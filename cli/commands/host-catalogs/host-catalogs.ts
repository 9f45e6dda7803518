import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage host catalogs',
  description: 'A host catalog is a collection of hosts and host sets in a project.',
};
