import { createCommand, kinds } from '../../core/builders';
import { ALIAS } from '../../resources/alias-fields';
import { aliases } from '../../resources/aliases';

export const command = kinds('Create an alias', {
  target: createCommand(aliases, {
    kind: 'target',
    sendType: true,
    fields: ALIAS,
    examples: ['aliases create target -value db.example -destination-id ttcp_1234567890'],
  }),
});
