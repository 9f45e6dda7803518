import { readCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = readCommand(users, { examples: ['users read -id u_1234567890'] });
