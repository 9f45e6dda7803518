import { updateCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = updateCommand(roles, { examples: ['roles update -id r_1234567890 -description null'] });
