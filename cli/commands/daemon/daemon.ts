import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Deprecated name of "cache"',
  description: 'Does what "cache" does, with a warning.',
};
