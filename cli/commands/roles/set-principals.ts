import { editCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = editCommand(roles, {
  verb: 'set-principals',
  method: 'setRolePrincipals',
  flag: 'principal',
  what: 'Id of a user or a group',
  field: 'principal_ids',
  examples: ['roles set-principals -id r_1234567890 -principal u_1234567890'],
});
