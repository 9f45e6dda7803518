import { deleteCommand } from '../../core/builders';
import { targets } from '../../resources/targets';

export const command = deleteCommand(targets, { examples: ['targets delete -id ttcp_1234567890'], alias: 'id' });
