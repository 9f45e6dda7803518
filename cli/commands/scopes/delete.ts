import { deleteCommand } from '../../core/builders';
import { scopes } from '../../resources/scopes';

export const command = deleteCommand(scopes, { examples: ['scopes delete -id o_1234567890'] });
