/** Flags of resources that plugins provide: host catalogs, host sets, storage buckets. */
import type { Context, Flag } from '../core/command';
import { workerFilter, type Body, type Field } from '../core/fields';
import { pairedObject, pairFlags, type PairFamily } from '../core/pair-flags';

/** On create, one of the two. */
export const PLUGIN_ID: Field = {
  flag: { name: 'plugin-id', type: 'string', description: 'Id of the plugin.' },
  path: 'plugin_id',
};
export const PLUGIN_NAME = {
  name: 'plugin-name',
  type: 'string',
  description: 'Name of the plugin, instead of its id.',
} as const satisfies Flag;

export const PLUGIN_WORKER_FILTER: Field = {
  flag: {
    name: 'worker-filter',
    type: 'string',
    description: 'Workers that the plugin works through. The word null clears it.',
  },
  path: 'worker_filter',
  parse: workerFilter,
};

export const ATTRIBUTES: PairFamily = { whole: 'attributes', piece: 'attr' };
export const SECRETS: PairFamily = { whole: 'secrets', piece: 'secret' };

/** What the plugin has to know. */
export const PLUGIN_ATTRIBUTES = pairFlags(ATTRIBUTES, 'the attributes', 'The word null resets them.');
export const PLUGIN_SECRETS = pairFlags(SECRETS, 'the secrets', 'The word null resets them.');

/** Adds the objects that the flags of some families give. */
export function addPluginObjects(
  context: Context,
  { item, mask }: Body,
  purpose: 'create' | 'update',
  families: readonly PairFamily[],
): void {
  for (const family of families) {
    const field = family.whole;
    const object = pairedObject(context, family);
    if (object === undefined || (object === null && purpose === 'create')) continue;
    item[field] = object;
    if (object === null) mask.push(field);
    else for (const key of Object.keys(object)) mask.push(`${field}.${key}`);
  }
}
