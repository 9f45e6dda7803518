import { readCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = readCommand(roles, { examples: ['roles read -id r_1234567890'] });
