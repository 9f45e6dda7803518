import {
  actionsSection,
  commonFields,
  itemTable,
  recordsSection,
  scopeSection,
  type Item,
  type Presenter,
} from './table';

export const groups: Presenter = {
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
        group.members?.map((member: Item) => ({ ID: member.id, 'Scope ID': member.scope_id })),
      ),
    ]),
};
