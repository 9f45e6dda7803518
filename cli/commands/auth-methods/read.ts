import { readCommand } from '../../core/builders';
import { authMethods } from '../../resources/auth-methods';

export const command = readCommand(authMethods, { examples: ['auth-methods read -id ampw_1234567890'] });
