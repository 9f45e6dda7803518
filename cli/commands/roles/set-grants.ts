import { editCommand } from '../../core/builders';
import { checkGrant } from '../../core/grants';
import { roles } from '../../resources/roles';

export const command = editCommand(roles, {
  verb: 'set-grants',
  method: 'setRoleGrants',
  flag: 'grant',
  what: 'Grant, such as ids=*;type=target;actions=list,read',
  field: 'grant_strings',
  check: checkGrant,
  examples: ['roles set-grants -id r_1234567890 -grant "ids=*;type=target;actions=list,read"'],
});
