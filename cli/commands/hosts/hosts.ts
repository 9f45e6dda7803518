import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage hosts',
  description: 'A host is an address that sessions can lead to.',
};
