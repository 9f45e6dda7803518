import type { AsJson } from '../../lib/rpc/as-json';
import type { Role } from '../../proto/gen/api/roles';
import {
  actionsSection,
  commonFields,
  itemTable,
  linesSection,
  row,
  scopeSection,
  type Presenter,
  type Section,
} from './table';

/** Principals and grant scopes keep this value column, whatever the labels above. */
const COLUMN = 20;

export const roles: Presenter<AsJson<Role>> = {
  list: {
    title: 'Role',
    none: 'No roles found',
    fields: (role) => ({ Version: role.version, Name: role.name, Description: role.description }),
  },
  item: (role) =>
    itemTable('Role', commonFields(role), [
      scopeSection(role),
      actionsSection(role),
      principals(role),
      linesSection(
        'Canonical Grants:',
        role.grants?.map((grant) => grant.canonical ?? ''),
      ),
      linesSection(
        'Grant Scope IDs:',
        role.grant_scope_ids?.map((id) => row(0, 'ID', id, COLUMN - 4)),
      ),
    ]),
};

const principals =
  ({ principals: list = [] }: AsJson<Role>): Section =>
  () => {
    if (list.length === 0) return [];
    const lines = list.flatMap((principal) => [
      row(4, 'ID', principal.id, COLUMN),
      row(6, 'Type', principal.type, COLUMN),
      row(6, 'Scope ID', principal.scope_id, COLUMN),
    ]);
    return ['', '  Principals:', ...lines];
  };
