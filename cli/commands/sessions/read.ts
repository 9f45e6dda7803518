import { readCommand } from '../../core/builders';
import { sessions } from '../../resources/sessions';

export const command = readCommand(sessions, { examples: ['sessions read -id s_1234567890'] });
