import { createCommand } from '../../core/builders';
import { addBucketObjects, BUCKET_OBJECTS, NEW_BUCKET } from '../../resources/storage-bucket-fields';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = createCommand(storageBuckets, {
  fields: NEW_BUCKET,
  more: BUCKET_OBJECTS,
  besideTexts: [{ name: 'plugin-name', type: 'string', description: 'Name of the plugin, instead of its id.' }],
  complete: addBucketObjects,
  examples: ['storage-buckets create -scope-id global -plugin-name aws -bucket-name recordings -attr region=eu'],
});
