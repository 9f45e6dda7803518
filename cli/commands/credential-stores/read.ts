import { readCommand } from '../../core/builders';
import { credentialStores } from '../../resources/credential-stores';

export const command = readCommand(credentialStores, { examples: ['credential-stores read -id csst_1234567890'] });
