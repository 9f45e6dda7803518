import { createCommand } from '../../core/builders';
import {
  addPluginObjects,
  ATTRIBUTES,
  SECRETS,
  PLUGIN_ATTRIBUTES,
  PLUGIN_NAME,
  PLUGIN_SECRETS,
} from '../../resources/plugin-fields';
import { NEW_BUCKET } from '../../resources/storage-bucket-fields';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = createCommand(storageBuckets, {
  fields: NEW_BUCKET,
  more: [...PLUGIN_ATTRIBUTES, ...PLUGIN_SECRETS],
  besideTexts: [PLUGIN_NAME],
  complete: (context, body) => addPluginObjects(context, body, 'create', [ATTRIBUTES, SECRETS]),
  examples: ['storage-buckets create -scope-id global -plugin-name aws -bucket-name recordings -attr region=eu'],
});
