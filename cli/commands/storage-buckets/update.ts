import { updateCommand } from '../../core/builders';
import {
  addPluginObjects,
  ATTRIBUTES,
  SECRETS,
  PLUGIN_ATTRIBUTES,
  PLUGIN_SECRETS,
  PLUGIN_WORKER_FILTER,
} from '../../resources/plugin-fields';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = updateCommand(storageBuckets, {
  fields: [PLUGIN_WORKER_FILTER],
  more: [...PLUGIN_ATTRIBUTES, ...PLUGIN_SECRETS],
  complete: (context, body) => addPluginObjects(context, body, 'update', [ATTRIBUTES, SECRETS]),
  examples: ['storage-buckets update -id sb_1234567890 -attr region=us'],
});
