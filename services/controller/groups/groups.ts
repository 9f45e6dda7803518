/** Groups: sets of users that roles can name as one principal. */
import { prefixOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const GROUP_PREFIX = prefixOf('group', 'group');
export const GROUP_ACTIONS = idActions('group');

export interface GroupRow extends ItemRow {
  scope_id: string;
  /** Absent in lists. */
  members?: { id: string; scope_id: string }[];
}

export const groupResource = (row: Pick<GroupRow, 'id' | 'scope_id' | 'scope'>): Item<'group'> => ({
  type: 'group',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

export const groupItem = (row: GroupRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  member_ids: (row.members ?? []).map((member) => member.id),
  members: row.members ?? [],
});
