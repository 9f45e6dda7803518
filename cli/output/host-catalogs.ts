import type { AsJson } from '../../lib/rpc/as-json';
import type { HostCatalog } from '../../proto/gen/api/host_catalogs';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  collectionActionsSection,
  commonFields,
  itemTable,
  pluginSection,
  scopeSection,
  type Plugged,
  type Presenter,
} from './table';

export const hostCatalogs: Presenter<AsJson<HostCatalog> & Plugged> = {
  list: {
    title: 'Host Catalog',
    none: 'No host catalogs found',
    fields: (catalog) => ({
      'Plugin ID': catalog.plugin_id,
      Version: catalog.version,
      Type: catalog.type,
      Name: catalog.name,
      Description: catalog.description,
      'Worker Filter': catalog.worker_filter,
    }),
  },
  item: (catalog) => {
    const attributes = attributeFields(catalog);
    return itemTable(
      'Host Catalog',
      {
        ...commonFields(catalog),
        'Plugin ID': catalog.plugin_id,
        Type: catalog.type,
        'Secrets HMAC': catalog.secrets_hmac,
        'Worker Filter': catalog.worker_filter,
      },
      [
        scopeSection(catalog),
        pluginSection(catalog),
        attributesSection(attributes),
        actionsSection(catalog),
        collectionActionsSection('Host Catalog', catalog),
      ],
      attributes,
    );
  },
};
