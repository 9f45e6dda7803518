import { kinds, updateCommand } from '../../core/builders';
import { RECORDED, TCP, WORKER_FILTER } from '../../resources/target-fields';
import { targets } from '../../resources/targets';

export const command = kinds('Update a target', {
  tcp: updateCommand(targets, {
    kind: 'tcp',
    fields: [...TCP, WORKER_FILTER],
    alias: 'id',
    examples: ['targets update tcp -id ttcp_1234567890 -session-max-seconds 1h'],
  }),
  ssh: updateCommand(targets, {
    kind: 'ssh',
    fields: [...RECORDED, WORKER_FILTER],
    alias: 'id',
    examples: ['targets update ssh -id tssh_1234567890 -session-max-seconds 1h'],
  }),
  rdp: updateCommand(targets, {
    kind: 'rdp',
    fields: RECORDED,
    alias: 'id',
    examples: ['targets update rdp -id trdp_1234567890 -session-max-seconds 1h'],
  }),
});
