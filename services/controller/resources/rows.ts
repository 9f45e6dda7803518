/** How rows of resources look and turn into API items. */
import type { ApiError } from '../../../lib/errors/errors';
import type { ScopeInfo } from '../../../proto/gen/api/common';
import { notFound } from '../authz/refusal';
import { sql, type RawBuilder } from '../db/db';

/** What the scope of an item looks like in a row, see {@link scopeColumn}. */
export interface ScopeOfRow {
  id: string;
  type: 'global' | 'org' | 'project';
  name?: string;
  description?: string;
  parent_scope_id?: string;
}

/** Columns that every named resource has. `scope` comes from {@link scopeColumn}. */
export interface ItemRow {
  id: string;
  scope: ScopeOfRow;
  name: string | null;
  description: string | null;
  created_time: Date;
  updated_time: Date;
  version: number;
}

/** Column `scope` of a select that joins `scopes s`. */
export const scopeColumn: RawBuilder<unknown> = sql`jsonb_strip_nulls(jsonb_build_object('id', s.id, 'type', s.type,
  'name', s.name, 'description', s.description, 'parent_scope_id', s.scope_id)) as scope`;

export const scopeInfo = (scope: ScopeOfRow): ScopeInfo => ({
  id: scope.id,
  type: scope.type,
  name: scope.name ?? '',
  description: scope.description ?? '',
  parent_scope_id: scope.parent_scope_id ?? '',
});

/** The fields of {@link ItemRow} as the API shows them. */
export const commonItem = (row: ItemRow) => ({
  id: row.id,
  scope: scopeInfo(row.scope),
  name: row.name ?? undefined,
  description: row.description ?? undefined,
  created_time: row.created_time,
  updated_time: row.updated_time,
  version: row.version,
});

/** `column = value, ...` for an update. Column names come from the code, never from a request. */
export const assignments = (changes: Record<string, unknown>): RawBuilder<unknown> =>
  sql.join(Object.entries(changes).map(([column, value]) => sql`${sql.ref(column)} = ${value}`));

/** Nouns with backslashes in front of the quotes: they are part of the text that clients know. */
const QUOTED_TWICE: ReadonlySet<string> = new Set(['Account', 'AuthMethod', 'Managed Group']);

/** 404 of an update or action whose version is not the current one. `noun` as in `Host Set`. */
export function staleVersion(called: string, id: string): ApiError {
  const noun = called === 'Auth Method' ? 'AuthMethod' : called;
  const quote = QUOTED_TWICE.has(noun) ? '\\"' : '"';
  const missing = noun === 'Target' ? 'not found' : "doesn't exist";
  return notFound(`${noun} ${quote}${id}${quote} ${missing} or incorrect version provided.`);
}
