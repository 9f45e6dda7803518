import { updateCommand, kinds } from '../../core/builders';
import { PLUGIN_SET } from '../../resources/host-set-fields';
import { hostSets } from '../../resources/host-sets';
import { addPluginObjects, ATTRIBUTES, PLUGIN_ATTRIBUTES } from '../../resources/plugin-fields';

export const command = kinds('Update a host set', {
  static: updateCommand(hostSets, {
    kind: 'static',
    examples: ['host-sets update static -id hsst_1234567890 -name replicas'],
  }),
  plugin: updateCommand(hostSets, {
    kind: 'plugin',
    fields: PLUGIN_SET,
    more: PLUGIN_ATTRIBUTES,
    complete: (context, body) => addPluginObjects(context, body, 'update', [ATTRIBUTES]),
    examples: ['host-sets update plugin -id hsplg_1234567890 -preferred-endpoint cidr:10.0.0.0/8'],
  }),
});
