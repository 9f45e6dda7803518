import { editCommand } from '../../core/builders';
import { checkGrant } from '../../core/grants';
import { roles } from '../../resources/roles';

export const command = editCommand(roles, {
  verb: 'remove-grants',
  method: 'removeRoleGrants',
  flag: 'grant',
  what: 'Grant, such as ids=*;type=target;actions=list,read',
  field: 'grant_strings',
  check: checkGrant,
  examples: ['roles remove-grants -id r_1234567890 -grant "ids=*;type=target;actions=list,read"'],
});
