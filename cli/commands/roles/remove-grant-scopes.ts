import { editCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = editCommand(roles, {
  verb: 'remove-grant-scopes',
  method: 'removeRoleGrantScopes',
  flag: 'grant-scope-id',
  what: 'Scope in which the grants count: "this", "children", "descendants" or an id',
  field: 'grant_scope_ids',
  examples: ['roles remove-grant-scopes -id r_1234567890 -grant-scope-id this'],
});
