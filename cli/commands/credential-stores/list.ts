import { listCommand } from '../../core/builders';
import { credentialStores } from '../../resources/credential-stores';

export const command = listCommand(credentialStores, { examples: ['credential-stores list -scope-id p_1234567890'] });
