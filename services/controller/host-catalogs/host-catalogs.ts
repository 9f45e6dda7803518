/** Host catalogs: the hosts and host sets of a project that belong together. */
import { prefixOf, prefixesOf } from '../../../lib/contract/id-prefixes';
import { COLLECTIONS_BELOW, idActions, type ResourceType } from '../authz/actions';
import type { Collection, Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

/**
 * The prefix of static catalogs. Prefixes of plugin catalogs are understood, but no such catalog
 * exists.
 */
export const STATIC_HOST_CATALOG_PREFIX = prefixOf('host-catalog', 'static');
export const HOST_CATALOG_PREFIXES = prefixesOf('host-catalog');
export const HOST_CATALOG_ACTIONS = idActions('host-catalog');

export interface HostCatalogRow extends ItemRow {
  scope_id: string;
  type: 'static' | 'plugin';
}

export const hostCatalogResource = (row: Pick<HostCatalogRow, 'id' | 'scope_id' | 'scope'>): Item<'host-catalog'> => ({
  type: 'host-catalog',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

/** The hosts or host sets of a catalog, as a resource to authorize. */
export const collectionInCatalog = <T extends ResourceType>(
  type: T,
  catalog: Pick<HostCatalogRow, 'id' | 'scope_id' | 'scope'>,
): Collection<T> => ({
  type,
  scopeId: catalog.scope_id,
  parentScopeId: catalog.scope.parent_scope_id,
  pin: catalog.id,
});

export const collectionsBelow = (row: HostCatalogRow) => COLLECTIONS_BELOW[`host-catalog/${row.type}`];

export const hostCatalogItem = (row: HostCatalogRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  type: row.type,
});
