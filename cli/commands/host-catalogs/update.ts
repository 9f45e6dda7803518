import { updateCommand, kinds } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';
import {
  addPluginObjects,
  ATTRIBUTES,
  SECRETS,
  PLUGIN_ATTRIBUTES,
  PLUGIN_SECRETS,
  PLUGIN_WORKER_FILTER,
} from '../../resources/plugin-fields';

export const command = kinds('Update a host catalog', {
  static: updateCommand(hostCatalogs, {
    kind: 'static',
    examples: ['host-catalogs update static -id hcst_1234567890 -name databases'],
  }),
  plugin: updateCommand(hostCatalogs, {
    kind: 'plugin',
    fields: [PLUGIN_WORKER_FILTER],
    more: [...PLUGIN_ATTRIBUTES, ...PLUGIN_SECRETS],
    complete: (context, body) => addPluginObjects(context, body, 'update', [ATTRIBUTES, SECRETS]),
    examples: ['host-catalogs update plugin -id hcplg_1234567890 -attr region=us-east-1'],
  }),
});
