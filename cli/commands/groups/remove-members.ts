import { editCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = editCommand(groups, {
  verb: 'remove-members',
  method: 'removeGroupMembers',
  flag: 'member',
  what: 'Id of a user',
  field: 'member_ids',
  examples: ['groups remove-members -id g_1234567890 -member u_1234567890'],
});
