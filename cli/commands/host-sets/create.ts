import { createCommand, kinds } from '../../core/builders';
import { PLUGIN_SET } from '../../resources/host-set-fields';
import { hostSets } from '../../resources/host-sets';
import { addPluginObjects, ATTRIBUTES, PLUGIN_ATTRIBUTES } from '../../resources/plugin-fields';

export const command = kinds('Create a host set', {
  static: createCommand(hostSets, {
    kind: 'static',
    examples: ['host-sets create static -host-catalog-id hcst_1234567890 -name replicas'],
  }),
  plugin: createCommand(hostSets, {
    kind: 'plugin',
    fields: PLUGIN_SET,
    more: PLUGIN_ATTRIBUTES,
    complete: (context, body) => addPluginObjects(context, body, 'create', [ATTRIBUTES]),
    examples: [
      'host-sets create plugin -host-catalog-id hcplg_1234567890 -name web -attr filters=tag:role=web -sync-interval 10m',
    ],
  }),
});
