import type { Command } from '../../core/command';

export const command: Command = { synopsis: 'Prepare the database of a deployment' };
