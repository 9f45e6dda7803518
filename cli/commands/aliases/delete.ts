import { deleteCommand } from '../../core/builders';
import { aliases } from '../../resources/aliases';

export const command = deleteCommand(aliases, { examples: ['aliases delete -id alt_1234567890'] });
