import { deleteCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = deleteCommand(users, { examples: ['users delete -id u_1234567890'] });
