import { readCommand } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';

export const command = readCommand(hostCatalogs, { examples: ['host-catalogs read -id hcst_1234567890'] });
