import { readCommand } from '../../core/builders';
import { workers } from '../../resources/workers';

export const command = readCommand(workers, { examples: ['workers read -id w_1234567890'] });
