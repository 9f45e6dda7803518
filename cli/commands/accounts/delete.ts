import { deleteCommand } from '../../core/builders';
import { accounts } from '../../resources/accounts';

export const command = deleteCommand(accounts, { examples: ['accounts delete -id acctpw_1234567890'] });
