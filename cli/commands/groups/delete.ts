import { deleteCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = deleteCommand(groups, { examples: ['groups delete -id g_1234567890'] });
