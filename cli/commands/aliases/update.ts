import { kinds, updateCommand } from '../../core/builders';
import { ALIAS } from '../../resources/alias-fields';
import { aliases } from '../../resources/aliases';

export const command = kinds('Update an alias', {
  target: updateCommand(aliases, {
    kind: 'target',
    fields: ALIAS,
    examples: ['aliases update target -id alt_1234567890 -destination-id null'],
  }),
});
