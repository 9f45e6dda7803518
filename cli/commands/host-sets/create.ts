import { createCommand, kinds } from '../../core/builders';
import { hostSets } from '../../resources/host-sets';

export const command = kinds('Create a host set', {
  static: createCommand(hostSets, {
    kind: 'static',
    examples: ['host-sets create static -host-catalog-id hcst_1234567890 -name replicas'],
  }),
});
