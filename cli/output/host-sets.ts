import type { AsJson } from '../../lib/rpc/as-json';
import type { HostSet } from '../../proto/gen/api/host_sets';
import { quotedList } from './format';
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

export const hostSets: Presenter<AsJson<HostSet> & Plugged> = {
  list: {
    title: 'Host Set',
    none: 'No host sets found',
    fields: (set) => ({
      Version: set.version,
      Type: set.type,
      Name: set.name,
      Description: set.description,
      'Sync Interval': interval(set),
    }),
  },
  item: (set) => {
    const attributes = attributeFields(set);
    return itemTable(
      'Host Set',
      {
        ...commonFields(set),
        Type: set.type,
        'Host Catalog ID': set.host_catalog_id,
        'Preferred Endpoints': set.preferred_endpoints === undefined ? undefined : quotedList(set.preferred_endpoints),
        'Sync Interval': interval(set),
      },
      [
        scopeSection(set),
        pluginSection(set),
        attributesSection(attributes),
        actionsSection(set),
        linesSection('Host IDs:', set.host_ids),
      ],
      attributes,
    );
  },
};

const interval = (set: AsJson<HostSet>): string | undefined =>
  set.sync_interval_seconds === undefined ? undefined : `${set.sync_interval_seconds} seconds`;
