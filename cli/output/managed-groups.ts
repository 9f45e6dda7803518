import type { AsJson } from '../../lib/rpc/as-json';
import type { ManagedGroup } from '../../proto/gen/api/managed_groups';
import {
  actionsSection,
  attributeFields,
  attributesSection,
  commonFields,
  itemTable,
  linesSection,
  scopeSection,
  type Presenter,
} from './table';

export const managedGroups: Presenter<AsJson<ManagedGroup>> = {
  list: {
    title: 'Managed Group',
    none: 'No managed groups found',
    fields: (group) => ({
      Version: group.version,
      Type: group.type,
      Name: group.name,
      Description: group.description,
    }),
  },
  item: (group) => {
    const attributes = attributeFields(group, { filter: 'Filter' });
    return itemTable(
      'Managed Group',
      { ...commonFields(group), Type: group.type, 'Auth Method ID': group.auth_method_id },
      [
        scopeSection(group),
        actionsSection(group),
        linesSection('Member IDs:', group.member_ids),
        attributesSection(attributes),
      ],
      attributes,
    );
  },
};
