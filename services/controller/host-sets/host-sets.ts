/** Host sets: hosts of a catalog that targets can name as one source. */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const STATIC_HOST_SET_PREFIX = prefixOf('host-set', 'static');
export const HOST_SET_PREFIXES = prefixesOf('host-set');
export const HOST_SET_ACTIONS = idActions('host-set', 'static');

export interface HostSetRow extends ItemRow {
  scope_id: string;
  host_catalog_id: string;
  type: string;
  /** Absent in lists. */
  host_ids?: string[];
}

export const hostSetResource = (
  row: Pick<HostSetRow, 'id' | 'scope_id' | 'host_catalog_id' | 'scope'>,
): Item<'host-set'> => ({
  type: 'host-set',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.host_catalog_id,
});

export const hostSetItem = (row: HostSetRow) => ({
  ...commonItem(row),
  host_catalog_id: row.host_catalog_id,
  type: row.type,
  host_ids: row.host_ids ?? [],
});
