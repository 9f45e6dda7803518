import { HOST_CATALOG, type Resource } from '../core/resource';
import { hostSets as presenter } from '../output/host-sets';

export const hostSets = {
  singular: 'host set',
  plural: 'host sets',
  message: 'HostSet',
  messages: 'HostSets',
  container: HOST_CATALOG,
  presenter,
  service: async () => (await import('../../proto/gen/api/host_sets')).HostSetServiceDefinition,
} satisfies Resource;
