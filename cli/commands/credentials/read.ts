import { readCommand } from '../../core/builders';
import { credentials } from '../../resources/credentials';

export const command = readCommand(credentials, { examples: ['credentials read -id credup_1234567890'] });
