import type { Field } from '../core/fields';
import { PLUGIN_ID, PLUGIN_WORKER_FILTER } from './plugin-fields';

const text = (name: string, path: string, description: string): Field => ({
  flag: { name, type: 'string', description },
  path,
});

/** On create. */
export const NEW_BUCKET: Field[] = [
  PLUGIN_ID,
  text('bucket-name', 'bucket_name', 'Name of the bucket.'),
  text('bucket-prefix', 'bucket_prefix', 'Folder in the bucket.'),
  PLUGIN_WORKER_FILTER,
];
