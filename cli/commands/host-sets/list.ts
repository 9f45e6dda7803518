import { listCommand } from '../../core/builders';
import { hostSets } from '../../resources/host-sets';

export const command = listCommand(hostSets, { examples: ['host-sets list -host-catalog-id hcst_1234567890'] });
