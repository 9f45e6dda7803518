import { readCommand } from '../../core/builders';
import { hosts } from '../../resources/hosts';

export const command = readCommand(hosts, { examples: ['hosts read -id hst_1234567890'] });
