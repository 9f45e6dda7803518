import { kinds, updateCommand } from '../../core/builders';
import { TCP, WORKER_FILTER } from '../../resources/target-fields';
import { targets } from '../../resources/targets';

export const command = kinds('Update a target', {
  tcp: updateCommand(targets, {
    kind: 'tcp',
    fields: [...TCP, WORKER_FILTER],
    alias: true,
    examples: ['targets update tcp -id ttcp_1234567890 -session-max-seconds 1h'],
  }),
});
