import type { Command } from '../../core/command';

export const command: Command = { synopsis: 'Tell how this machine is set up for the command line' };
