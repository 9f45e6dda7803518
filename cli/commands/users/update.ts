import { updateCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = updateCommand(users, { examples: ['users update -id u_1234567890 -description null'] });
