import { listCommand } from '../../core/builders';
import { targets } from '../../resources/targets';

export const command = listCommand(targets, { examples: ['targets list -scope-id p_1234567890'] });
