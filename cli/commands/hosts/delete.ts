import { deleteCommand } from '../../core/builders';
import { hosts } from '../../resources/hosts';

export const command = deleteCommand(hosts, { examples: ['hosts delete -id hst_1234567890'] });
