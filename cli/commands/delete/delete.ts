import type { Command } from '../../core/command';

/**
 * When the id tells the kind, the words are replaced by those of that kind's command before this
 * one runs.
 */
export const command: Command = {
  synopsis: 'Delete a resource by its id, whatever kind it is',
  description:
    'The prefix of the id tells the kind: "delete ttcp_1234567890" is "targets delete -id ttcp_1234567890". Flags of that command may ' +
    'follow.',
  examples: ['delete ttcp_1234567890'],
  usage: '<id> [options]',
};
