import type { AsJson } from '../../lib/rpc/as-json';
import type { Host } from '../../proto/gen/api/hosts';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  linesSection,
  pluginSection,
  scopeSection,
  type Plugged,
  type Presenter,
} from './table';

export const hosts: Presenter<AsJson<Host> & Plugged> = {
  list: {
    title: 'Host',
    none: 'No hosts found',
    fields: (host) => ({
      'External ID': host.external_id,
      'External Name': host.external_name,
      Version: host.version,
      Type: host.type,
      Name: host.name,
      Description: host.description,
    }),
  },
  item: (host) => {
    const attributes = attributeFields(host);
    return itemTable(
      'Host',
      {
        ...commonFields(host),
        Type: host.type,
        'Host Catalog ID': host.host_catalog_id,
        'External ID': host.external_id,
        'External Name': host.external_name,
      },
      [
        scopeSection(host),
        pluginSection(host),
        actionsSection(host),
        linesSection('Host Set IDs:', host.host_set_ids),
        linesSection('IP Addresses:', host.ip_addresses),
        linesSection('DNS Names:', host.dns_names),
        attributesSection(attributes),
      ],
      attributes,
    );
  },
};
