import { createCommand, kinds } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';

export const command = kinds('Create a host catalog', {
  static: createCommand(hostCatalogs, {
    kind: 'static',
    sendType: true,
    examples: ['host-catalogs create static -scope-id p_1234567890 -name databases'],
  }),
});
