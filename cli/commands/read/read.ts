import type { Command } from '../../core/command';

/**
 * When the id tells the kind, the words are replaced by those of that kind's command before this
 * one runs.
 */
export const command: Command = {
  synopsis: 'Read a resource by its id, whatever kind it is',
  description:
    'The prefix of the id tells the kind: "read ttcp_1234567890" is "targets read -id ttcp_1234567890". Flags of that command may ' +
    'follow.',
  examples: ['read ttcp_1234567890'],
  usage: '<id> [options]',
};
