import { listCommand } from '../../core/builders';
import { accounts } from '../../resources/accounts';

export const command = listCommand(accounts, { examples: ['accounts list -auth-method-id ampw_1234567890'] });
