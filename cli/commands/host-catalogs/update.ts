import { updateCommand, kinds } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';

export const command = kinds('Update a host catalog', {
  static: updateCommand(hostCatalogs, {
    kind: 'static',
    examples: ['host-catalogs update static -id hcst_1234567890 -name databases'],
  }),
});
