import type { AsJson } from '../../lib/rpc/as-json';
import type { Role } from '../../proto/gen/api/roles';
import { role } from '../../proto/gen/nouns/role';
import { checkGrant } from '../core/grants';
import { defineNoun, nounCommand } from '../core/noun';
import { SCOPE } from '../core/resource';
import { linesSection, row, type Section } from '../output/table';

/** Principals and grant scopes keep this value column, whatever the labels above. */
const COLUMN = 20;

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

export const roles = defineNoun<AsJson<Role>>(role, {
  container: SCOPE,
  service: async () => (await import('../../proto/gen/api/roles')).RoleServiceDefinition,
  sections: (item) => [
    principals(item),
    linesSection(
      'Canonical Grants:',
      item.grants?.map((grant) => grant.canonical ?? ''),
    ),
    linesSection(
      'Grant Scope IDs:',
      item.grant_scope_ids?.map((id) => row(0, 'ID', id, COLUMN - 4)),
    ),
  ],
});

export const command = nounCommand(role, roles, {
  description: 'A role gives grants to principals (users and groups) in the scopes that its grant scopes name.',
  checks: { grants: checkGrant },
  examples: [
    'roles add-grant-scopes -id r_1234567890 -grant-scope-id this',
    'roles add-grants -id r_1234567890 -grant "ids=*;type=target;actions=list,read"',
    'roles add-principals -id r_1234567890 -principal u_1234567890',
    'roles create -scope-id o_1234567890 -name readers',
    'roles delete -id r_1234567890',
    'roles list -scope-id o_1234567890',
    'roles read -id r_1234567890',
    'roles remove-grant-scopes -id r_1234567890 -grant-scope-id this',
    'roles remove-grants -id r_1234567890 -grant "ids=*;type=target;actions=list,read"',
    'roles remove-principals -id r_1234567890 -principal u_1234567890',
    'roles set-grant-scopes -id r_1234567890 -grant-scope-id this',
    'roles set-grants -id r_1234567890 -grant "ids=*;type=target;actions=list,read"',
    'roles set-principals -id r_1234567890 -principal u_1234567890',
    'roles update -id r_1234567890 -description null',
  ],
});
