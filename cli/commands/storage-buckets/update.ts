import { updateCommand } from '../../core/builders';
import { addBucketObjects, BUCKET, BUCKET_OBJECTS } from '../../resources/storage-bucket-fields';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = updateCommand(storageBuckets, {
  fields: BUCKET,
  more: BUCKET_OBJECTS,
  complete: (context, { item, mask }) => addBucketObjects(context, item, mask),
  examples: ['storage-buckets update -id sb_1234567890 -attr region=us'],
});
