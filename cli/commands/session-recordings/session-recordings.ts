import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage session recordings',
  description: 'This edition does not record sessions: the controller refuses every call.',
};
