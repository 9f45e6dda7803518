import type { Context, Flag } from '../core/command';
import { workerFilter, type Field } from '../core/fields';
import { pairedObject, pairFlags, type PairFamily } from '../core/pair-flags';

const text = (name: string, path: string, description: string): Field => ({
  flag: { name, type: 'string', description },
  path,
});

const ATTRIBUTES: PairFamily = { whole: 'attributes', piece: 'attr' };
const SECRETS: PairFamily = { whole: 'secrets', piece: 'secret' };

const WORKER_FILTER: Field = {
  ...text('worker-filter', 'worker_filter', 'Workers that may reach the bucket. The word null clears it.'),
  parse: workerFilter,
};

/** On create. */
export const NEW_BUCKET: Field[] = [
  text('plugin-id', 'plugin_id', 'Id of the plugin that reaches the bucket.'),
  text('bucket-name', 'bucket_name', 'Name of the bucket.'),
  text('bucket-prefix', 'bucket_prefix', 'Folder in the bucket.'),
  WORKER_FILTER,
];
/** On update. */
export const BUCKET: Field[] = [WORKER_FILTER];

/** What the plugin has to know. */
export const BUCKET_OBJECTS: Flag[] = [
  ...pairFlags(ATTRIBUTES, 'the attributes'),
  ...pairFlags(SECRETS, 'the secrets'),
];

export function addBucketObjects(context: Context, item: Record<string, unknown>, mask: string[]): Promise<void> {
  for (const [field, family] of [['attributes', ATTRIBUTES] as const, ['secrets', SECRETS] as const]) {
    const object = pairedObject(context, family);
    if (object === undefined) continue;
    item[field] = object;
    mask.push(field);
  }
  return Promise.resolve();
}
