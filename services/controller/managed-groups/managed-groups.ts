/** Managed groups: accounts that an OIDC provider or an LDAP directory says belong together. */
import { ID_PREFIXES, prefixesOf, subtypeOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

/** Types of auth methods whose accounts can be in managed groups. */
export type ManagedGroupType = keyof (typeof ID_PREFIXES)['managed-group'];

export const MANAGED_GROUP_PREFIXES = prefixesOf('managed-group');
export const MANAGED_GROUP_ACTIONS = idActions('managed-group');

/** Type that an id tells; oidc for ids without a known form. */
export const typeOfManagedGroupId = (id: string): ManagedGroupType => subtypeOf(id, 'managed-group') ?? 'oidc';

export interface ManagedGroupRow extends ItemRow {
  scope_id: string;
  auth_method_id: string;
  type: ManagedGroupType;
  /** oidc; null for ldap. */
  filter: string | null;
  /** ldap; null for oidc. */
  group_names: string[] | null;
  /** Absent in lists. */
  member_ids?: string[];
}

export const managedGroupResource = (
  row: Pick<ManagedGroupRow, 'id' | 'scope_id' | 'scope' | 'auth_method_id'>,
): Item<'managed-group'> => ({
  type: 'managed-group',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.auth_method_id,
});

export const managedGroupItem = (row: ManagedGroupRow) => ({
  ...commonItem(row),
  auth_method_id: row.auth_method_id,
  type: row.type,
  attributes: row.filter === null ? { group_names: row.group_names ?? [] } : { filter: row.filter },
  member_ids: row.member_ids ?? [],
});
