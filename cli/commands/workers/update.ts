import { updateCommand } from '../../core/builders';
import { workers } from '../../resources/workers';

export const command = updateCommand(workers, { examples: ['workers update -id w_1234567890 -name frankfurt-1'] });
