import { readCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = readCommand(groups, { examples: ['groups read -id g_1234567890'] });
