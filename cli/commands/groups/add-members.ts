import { editCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = editCommand(groups, {
  verb: 'add-members',
  method: 'addGroupMembers',
  flag: 'member',
  what: 'Id of a user',
  field: 'member_ids',
  examples: ['groups add-members -id g_1234567890 -member u_1234567890'],
});
