import { updateCommand, kinds } from '../../core/builders';
import { hostSets } from '../../resources/host-sets';

export const command = kinds('Update a host set', {
  static: updateCommand(hostSets, {
    kind: 'static',
    examples: ['host-sets update static -id hsst_1234567890 -name replicas'],
  }),
});
