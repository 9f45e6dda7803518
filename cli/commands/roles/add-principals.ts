import { editCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = editCommand(roles, {
  verb: 'add-principals',
  method: 'addRolePrincipals',
  flag: 'principal',
  what: 'Id of a user or a group',
  field: 'principal_ids',
  examples: ['roles add-principals -id r_1234567890 -principal u_1234567890'],
});
