/**
 * Scopes: the global one, orgs in it, and projects in orgs. A scope is authorized where it lives,
 * in its parent.
 */
import { prefixesOf } from '../../../lib/contract/id-prefixes';
import { collectionsInScope, idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';

export type ScopeType = 'global' | 'org' | 'project';

export const SCOPE_PREFIXES = ['global', ...prefixesOf('scope')];

/** `scope` is the parent; the global scope's is itself. */
export interface ScopeRow extends ItemRow {
  type: ScopeType;
  scope_id: string | null;
  primary_auth_method_id: string | null;
}

const POLICY_ACTIONS = ['attach-storage-policy', 'detach-storage-policy'];

/** The global scope cannot be deleted, and storage policies are no matter of projects. */
const ACTIONS: Record<ScopeType, readonly string[]> = {
  global: idActions('scope').filter((action) => action !== 'delete'),
  org: idActions('scope'),
  project: idActions('scope').filter((action) => !POLICY_ACTIONS.includes(action)),
};
export const scopeActions = (row: Pick<ScopeRow, 'type'>): readonly string[] => ACTIONS[row.type];

export const scopeResource = (row: Pick<ScopeRow, 'id' | 'scope'>): Item<'scope'> => ({
  type: 'scope',
  id: row.id,
  scopeId: row.scope.id,
  parentScopeId: row.scope.parent_scope_id,
});

export const collectionsBelow = (row: Pick<ScopeRow, 'type'>) => collectionsInScope(row.type);

export const scopeItem = (row: ScopeRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id ?? '',
  type: row.type,
  primary_auth_method_id: row.primary_auth_method_id ?? undefined,
});
