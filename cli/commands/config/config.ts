import type { Command } from '../../core/command';

export const command: Command = { synopsis: 'Manage configuration files, the stored token and completion' };
