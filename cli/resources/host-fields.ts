import type { Field } from '../core/fields';

export const ADDRESS: Field = {
  flag: { name: 'address', type: 'string', description: 'IP address or DNS name, without a port.' },
  path: 'attributes.address',
};
