import { editCommand } from '../../core/builders';
import { hostSets } from '../../resources/host-sets';

export const command = editCommand(hostSets, {
  verb: 'set-hosts',
  method: 'setHostSetHosts',
  flag: 'host',
  what: 'Id of a host of the same catalog',
  field: 'host_ids',
  examples: ['host-sets set-hosts -id hsst_1234567890 -host hst_1234567890'],
});
