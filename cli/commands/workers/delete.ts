import { deleteCommand } from '../../core/builders';
import { workers } from '../../resources/workers';

export const command = deleteCommand(workers, { examples: ['workers delete -id w_1234567890'] });
