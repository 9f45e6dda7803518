import { cacheCommand } from '../../cache/command';

export const command = cacheCommand('cache', 'start');
