import { editCommand } from '../../core/builders';
import { targets } from '../../resources/targets';

export const command = editCommand(targets, {
  verb: 'set-host-sources',
  method: 'setTargetHostSources',
  flag: 'host-source',
  what: 'Id of a host set',
  field: 'host_source_ids',
  alias: 'id',
  examples: ['targets set-host-sources -id ttcp_1234567890 -host-source hsst_1234567890'],
});
