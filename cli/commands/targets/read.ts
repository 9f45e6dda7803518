import { readCommand } from '../../core/builders';
import { targets } from '../../resources/targets';

export const command = readCommand(targets, { examples: ['targets read -id ttcp_1234567890'], alias: 'id' });
