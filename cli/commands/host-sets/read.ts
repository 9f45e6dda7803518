import { readCommand } from '../../core/builders';
import { hostSets } from '../../resources/host-sets';

export const command = readCommand(hostSets, { examples: ['host-sets read -id hsst_1234567890'] });
