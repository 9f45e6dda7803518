import { readCommand } from '../../core/builders';
import { scopes } from '../../resources/scopes';

export const command = readCommand(scopes, { examples: ['scopes read -id o_1234567890'] });
