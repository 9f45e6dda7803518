import type { AsJson } from '../../lib/rpc/as-json';
import type { Group } from '../../proto/gen/api/groups';
import { actionsSection, commonFields, itemTable, recordsSection, scopeSection, type Presenter } from './table';

export const groups: Presenter<AsJson<Group>> = {
  list: {
    title: 'Group',
    none: 'No groups found',
    fields: (group) => ({ Version: group.version, Name: group.name, Description: group.description }),
  },
  item: (group) =>
    itemTable('Group', commonFields(group), [
      scopeSection(group),
      actionsSection(group),
      recordsSection(
        'Members:',
        group.members?.map((member) => ({ ID: member.id, 'Scope ID': member.scope_id })),
      ),
    ]),
};
