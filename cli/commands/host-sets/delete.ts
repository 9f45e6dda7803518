import { deleteCommand } from '../../core/builders';
import { hostSets } from '../../resources/host-sets';

export const command = deleteCommand(hostSets, { examples: ['host-sets delete -id hsst_1234567890'] });
