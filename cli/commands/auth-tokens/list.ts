import { listCommand } from '../../core/builders';
import { authTokens } from '../../resources/auth-tokens';

export const command = listCommand(authTokens, { examples: ['auth-tokens list'] });
