/** Hosts: addresses that targets lead to through host sets. */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export const STATIC_HOST_PREFIX = prefixOf('host', 'static');
export const HOST_PREFIXES = prefixesOf('host');
export const HOST_ACTIONS = idActions('host');
export const HOST_ATTRIBUTES = { address: 'text' } as const;

export interface HostRow extends ItemRow {
  scope_id: string;
  host_catalog_id: string;
  type: string;
  address: string;
  host_set_ids: string[];
}

export const hostResource = (row: Pick<HostRow, 'id' | 'scope_id' | 'host_catalog_id' | 'scope'>): Item<'host'> => ({
  type: 'host',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
  pin: row.host_catalog_id,
});

export const hostItem = (row: HostRow) => ({
  ...commonItem(row),
  host_catalog_id: row.host_catalog_id,
  type: row.type,
  host_set_ids: row.host_set_ids,
  attributes: { address: row.address },
});
