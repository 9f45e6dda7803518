import { listCommand } from '../../core/builders';
import { aliases } from '../../resources/aliases';

export const command = listCommand(aliases, { examples: ['aliases list'] });
