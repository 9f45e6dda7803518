import { listCommand } from '../../core/builders';
import { workers } from '../../resources/workers';

export const command = listCommand(workers, { examples: ['workers list'] });
