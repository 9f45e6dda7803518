import { listCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = listCommand(users, { examples: ['users list -scope-id o_1234567890'] });
