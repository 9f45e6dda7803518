import { listCommand } from '../../core/builders';
import { hosts } from '../../resources/hosts';

export const command = listCommand(hosts, { examples: ['hosts list -host-catalog-id hcst_1234567890'] });
