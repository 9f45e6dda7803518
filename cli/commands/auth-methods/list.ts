import { listCommand } from '../../core/builders';
import { authMethods } from '../../resources/auth-methods';

export const command = listCommand(authMethods, { examples: ['auth-methods list'] });
