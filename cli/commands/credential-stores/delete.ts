import { deleteCommand } from '../../core/builders';
import { credentialStores } from '../../resources/credential-stores';

export const command = deleteCommand(credentialStores, { examples: ['credential-stores delete -id csst_1234567890'] });
