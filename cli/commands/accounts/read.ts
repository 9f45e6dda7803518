import { readCommand } from '../../core/builders';
import { accounts } from '../../resources/accounts';

export const command = readCommand(accounts, { examples: ['accounts read -id acctpw_1234567890'] });
