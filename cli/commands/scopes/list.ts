import { listCommand } from '../../core/builders';
import { scopes } from '../../resources/scopes';

export const command = listCommand(scopes, { examples: ['scopes list -recursive'] });
