import { createCommand, kinds } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';
import {
  addPluginObjects,
  ATTRIBUTES,
  SECRETS,
  PLUGIN_ATTRIBUTES,
  PLUGIN_ID,
  PLUGIN_NAME,
  PLUGIN_SECRETS,
  PLUGIN_WORKER_FILTER,
} from '../../resources/plugin-fields';

export const command = kinds('Create a host catalog', {
  static: createCommand(hostCatalogs, {
    kind: 'static',
    sendType: true,
    examples: ['host-catalogs create static -scope-id p_1234567890 -name databases'],
  }),
  plugin: createCommand(hostCatalogs, {
    kind: 'plugin',
    sendType: true,
    fields: [PLUGIN_ID, PLUGIN_WORKER_FILTER],
    more: [...PLUGIN_ATTRIBUTES, ...PLUGIN_SECRETS],
    besideTexts: [PLUGIN_NAME],
    complete: (context, body) => addPluginObjects(context, body, 'create', [ATTRIBUTES, SECRETS]),
    examples: [
      'host-catalogs create plugin -scope-id p_1234567890 -plugin-name aws -attr region=eu-west-1 -secret access_key_id=env://KEY_ID',
    ],
  }),
});
