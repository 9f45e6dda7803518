import { deleteCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = deleteCommand(roles, { examples: ['roles delete -id r_1234567890'] });
