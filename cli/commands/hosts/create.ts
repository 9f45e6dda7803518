import { createCommand, kinds } from '../../core/builders';
import { ADDRESS } from '../../resources/host-fields';
import { hosts } from '../../resources/hosts';

export const command = kinds('Create a host', {
  static: createCommand(hosts, {
    kind: 'static',
    fields: [{ ...ADDRESS, required: true }],
    examples: ['hosts create static -host-catalog-id hcst_1234567890 -name db1 -address 10.0.0.5'],
  }),
});
