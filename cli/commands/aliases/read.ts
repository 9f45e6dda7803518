import { readCommand } from '../../core/builders';
import { aliases } from '../../resources/aliases';

export const command = readCommand(aliases, { examples: ['aliases read -id alt_1234567890'] });
