import { createCommand, kinds } from '../../core/builders';
import { TCP } from '../../resources/target-fields';
import { targets } from '../../resources/targets';

export const command = kinds('Create a target', {
  tcp: createCommand(targets, {
    kind: 'tcp',
    sendType: true,
    fields: TCP,
    examples: ['targets create tcp -scope-id p_1234567890 -name postgres -default-port 5432 -address 10.0.0.5'],
  }),
});
