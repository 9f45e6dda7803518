import { kinds, updateCommand } from '../../core/builders';
import { ADDRESS } from '../../resources/host-fields';
import { hosts } from '../../resources/hosts';

export const command = kinds('Update a host', {
  static: updateCommand(hosts, {
    kind: 'static',
    fields: [ADDRESS],
    examples: ['hosts update static -id hst_1234567890 -address 10.0.0.6'],
  }),
});
