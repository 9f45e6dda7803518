import { updateCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = updateCommand(groups, { examples: ['groups update -id g_1234567890 -description null'] });
