import { createCommand, kinds } from '../../core/builders';
import { addAlias, WITH_ALIAS } from '../../resources/target-aliases';
import { RECORDED, TCP } from '../../resources/target-fields';
import { targets } from '../../resources/targets';

export const command = kinds('Create a target', {
  tcp: createCommand(targets, {
    kind: 'tcp',
    sendType: true,
    fields: TCP,
    more: WITH_ALIAS,
    complete: addAlias,
    examples: ['targets create tcp -scope-id p_1234567890 -name postgres -default-port 5432 -address 10.0.0.5'],
  }),
  ssh: createCommand(targets, {
    kind: 'ssh',
    sendType: true,
    fields: RECORDED,
    more: WITH_ALIAS,
    complete: addAlias,
    examples: ['targets create ssh -scope-id p_1234567890 -name shell -address 10.0.0.5'],
  }),
  rdp: createCommand(targets, {
    kind: 'rdp',
    sendType: true,
    fields: RECORDED,
    more: WITH_ALIAS,
    complete: addAlias,
    examples: ['targets create rdp -scope-id p_1234567890 -name desktop -address 10.0.0.5'],
  }),
});
