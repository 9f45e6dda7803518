import type { AsJson } from '../../lib/rpc/as-json';
import type { StorageBucket } from '../../proto/gen/api/storage_buckets';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  scopeSection,
  type Presenter,
} from './table';

const LIST_COLUMN = 29;
const NAMES = { region: 'Region', endpoint_url: 'Endpoint' };

export const storageBuckets: Presenter<AsJson<StorageBucket>> = {
  list: {
    title: 'Storage Bucket',
    none: 'No storage buckets found',
    column: LIST_COLUMN,
    fields: (bucket) => ({
      'Bucket Name': bucket.bucket_name,
      'Bucket Prefix': bucket.bucket_prefix,
      'Worker Filter': bucket.worker_filter,
      'Scope ID': bucket.scope_id,
      'Plugin ID': bucket.plugin_id,
      Version: bucket.version,
      Name: bucket.name,
      Description: bucket.description,
    }),
  },
  item: (bucket) => {
    const attributes = attributeFields(bucket, NAMES);
    const fields = {
      ...commonFields(bucket),
      'Bucket Name': bucket.bucket_name,
      'Bucket Prefix': bucket.bucket_prefix,
      'Worker Filter': bucket.worker_filter,
      'Plugin ID': bucket.plugin_id,
    };
    const sections = [scopeSection(bucket), attributesSection(attributes), actionsSection(bucket)];
    return itemTable('Storage Bucket', fields, sections, attributes);
  },
};
