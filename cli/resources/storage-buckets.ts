import { SCOPE, type Resource } from '../core/resource';
import { storageBuckets as presenter } from '../output/storage-buckets';

export const storageBuckets = {
  singular: 'storage bucket',
  plural: 'storage buckets',
  message: 'StorageBucket',
  messages: 'StorageBuckets',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/storage_buckets')).StorageBucketServiceDefinition,
} satisfies Resource;
