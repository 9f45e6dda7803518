import { deleteCommand } from '../../core/builders';
import { credentials } from '../../resources/credentials';

export const command = deleteCommand(credentials, { examples: ['credentials delete -id credup_1234567890'] });
