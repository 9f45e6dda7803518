import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage the cache that "search" answers from',
  description:
    'The cache is a process of this user, on this machine. It holds copies of the targets, sessions and aliases that ' +
    'the user can see, asks the controller from time to time for what has changed, and answers searches at once. The ' +
    'copies are in memory only. "search" starts it when it is needed.',
};
