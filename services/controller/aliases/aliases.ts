/** Aliases: names that stand for a target wherever its id can stand. */
import { prefixOf } from '../../../lib/contract/id-prefixes';
import { limit } from '../../../lib/limits/limit';
import { idActions } from '../authz/actions';
import type { Item } from '../authz/authz';
import { commonItem, type ItemRow } from '../resources/rows';
import type { ScopeNode } from '../resources/list-extent';

export const ALIAS_PREFIX = prefixOf('alias', 'target');
export const ALIAS_ACTIONS = idActions('alias');
/** Where all aliases are. */
export const ALIAS_SCOPE: ScopeNode = { id: 'global', type: 'global', scope_id: null };

export interface AliasRow extends ItemRow {
  scope_id: string;
  type: string;
  value: string;
  destination_id: string | null;
  host_id: string | null;
}

export const aliasResource = (row: Pick<AliasRow, 'id' | 'scope_id' | 'scope'>): Item<'alias'> => ({
  type: 'alias',
  id: row.id,
  scopeId: row.scope_id,
  parentScopeId: row.scope.parent_scope_id,
});

export const aliasItem = (row: AliasRow) => ({
  ...commonItem(row),
  scope_id: row.scope_id,
  type: row.type,
  value: row.value,
  destination_id: row.destination_id ?? undefined,
  attributes: row.host_id === null ? undefined : { authorize_session_arguments: { host_id: row.host_id } },
});

/** RFC 1035, section 2.3.4. */
const MAX_VALUE = limit('value of an alias', 253, {
  what: 'value of an alias',
  unit: 'characters',
  reached: '400, naming the field',
  test: 'services/controller/aliases/aliases.test.ts: Must have at most 253 characters',
});
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * What is wrong with the value of an alias; undefined when nothing is. The last label tells names
 * from addresses.
 */
export function valueProblem(value: string): string | undefined {
  if (value === '') return 'This field is required.';
  if (value.length > MAX_VALUE) return `Must have at most ${MAX_VALUE} characters.`;
  const labels = value.split('.');
  if (!labels.every((label) => LABEL.test(label))) {
    return 'Must be labels of 1 to 63 letters, digits and hyphens, joined by dots; a hyphen neither begins nor ends a label.';
  }
  return /^\d+$/.test(labels.at(-1)!) ? 'The last label must not consist of digits only.' : undefined;
}

/**
 * An id that can only be an alias: every id of a target has an underscore, and no alias has one.
 */
export const isAliasValue = (id: string): boolean => id !== '' && !id.includes('_');
