import { editCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = editCommand(roles, {
  verb: 'remove-principals',
  method: 'removeRolePrincipals',
  flag: 'principal',
  what: 'Id of a user or a group',
  field: 'principal_ids',
  examples: ['roles remove-principals -id r_1234567890 -principal u_1234567890'],
});
