import { deleteCommand } from '../../core/builders';
import { authMethods } from '../../resources/auth-methods';

export const command = deleteCommand(authMethods, { examples: ['auth-methods delete -id ampw_1234567890'] });
