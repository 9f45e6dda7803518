import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage sessions',
  description:
    'A session is the right to connect to a target for a while. Read it to see its connections, cancel it to cut them.',
};
