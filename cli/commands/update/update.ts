import type { Command } from '../../core/command';

/**
 * When the id tells the kind, the words are replaced by those of that kind's command before this
 * one runs.
 */
export const command: Command = {
  synopsis: 'Update a resource by its id, whatever kind it is',
  description:
    'The prefix of the id tells the kind: "update ttcp_1234567890" is "targets update tcp -id ttcp_1234567890". Flags of that command may ' +
    'follow.',
  examples: ['update ttcp_1234567890 -name postgres'],
  usage: '<id> [options]',
};
