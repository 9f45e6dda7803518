/** How the items of a noun are found, shown and named in grants, as far as its table tells. */
import { NOUNS } from '../../../proto/gen/nouns/all';
import type { Noun } from '../../../lib/contract/noun';
import { idActions, parentField, tableOf, type ResourceType } from '../authz/actions';
import type { Item } from '../authz/authz';
import { sql } from '../db/db';
import type { MessageFns } from '../rpc/messages';
import type { ItemDefinition } from './items';
import { scopeInfo, type ItemRow } from './rows';

/** What every row of a noun holds that lives in a scope, itself or by its parent. */
export interface NounRow extends Pick<ItemRow, 'id' | 'scope' | 'created_time' | 'updated_time'> {
  scope_id: string;
  type?: string;
}

/** What a noun says itself; the rest follows from its table and its message. */
export type OwnDefinition<T extends ResourceType, R extends NounRow> = Pick<
  ItemDefinition<T, R, object>,
  'find' | 'select'
> &
  Partial<Omit<ItemDefinition<T, R, object>, 'type' | 'item'>> & {
    /** Fields beyond the columns of the row that are called like fields of an item. */
    item?(row: R): object;
  };

export function defineItems<T extends ResourceType, R extends NounRow>(
  type: T,
  message: MessageFns<unknown>,
  own: OwnDefinition<T, R>,
): ItemDefinition<T, R, object> {
  const noun: Noun = NOUNS[type];
  const fields = new Set(noun.names);
  return {
    from: sql`from ${sql.table(tableOf(type))} r`,
    resource: (row) => resourceOf(type, row),
    actions: (row) => idActions(type, row.type),
    toJSON: (item) => message.toJSON(message.fromPartial(item)),
    ...own,
    type,
    item: (row) => ({ ...shownColumns(fields, row), ...own.item?.(row) }),
  };
}

/** The row's item as something to authorize. */
export function resourceOf<T extends ResourceType>(type: T, row: Pick<NounRow, 'id' | 'scope_id' | 'scope'>): Item<T> {
  const noun: Noun = NOUNS[type];
  const place = { type, id: row.id, scopeId: row.scope_id, parentScopeId: row.scope.parent_scope_id };
  if (noun.parent === undefined) return place;
  return { ...place, pin: (row as unknown as Record<string, string>)[parentField(type)] };
}

/** Columns that are called like a field, without those that hold nothing. */
function shownColumns(fields: ReadonlySet<string>, row: NounRow): object {
  const columns = Object.entries(row).filter(([name, value]) => value !== null && fields.has(name));
  return { ...Object.fromEntries(columns), scope: scopeInfo(row.scope) };
}
