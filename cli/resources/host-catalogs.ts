import { SCOPE, type Resource } from '../core/resource';
import { hostCatalogs as presenter } from '../output/host-catalogs';

export const hostCatalogs = {
  singular: 'host catalog',
  plural: 'host catalogs',
  message: 'HostCatalog',
  messages: 'HostCatalogs',
  container: SCOPE,
  presenter,
  service: async () => (await import('../../proto/gen/api/host_catalogs')).HostCatalogServiceDefinition,
} satisfies Resource;
