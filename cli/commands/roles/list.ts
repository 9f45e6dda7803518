import { listCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = listCommand(roles, { examples: ['roles list -scope-id o_1234567890'] });
