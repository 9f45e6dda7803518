import { editCommand } from '../../core/builders';
import { targets } from '../../resources/targets';

export const command = editCommand(targets, {
  verb: 'remove-host-sources',
  method: 'removeTargetHostSources',
  flag: 'host-source',
  what: 'Id of a host set',
  field: 'host_source_ids',
  alias: 'id',
  examples: ['targets remove-host-sources -id ttcp_1234567890 -host-source hsst_1234567890'],
});
