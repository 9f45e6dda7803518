import { HOST_CATALOG, type Resource } from '../core/resource';
import { hosts as presenter } from '../output/hosts';

export const hosts = {
  singular: 'host',
  plural: 'hosts',
  message: 'Host',
  messages: 'Hosts',
  container: HOST_CATALOG,
  presenter,
  service: async () => (await import('../../proto/gen/api/hosts')).HostServiceDefinition,
} satisfies Resource;
