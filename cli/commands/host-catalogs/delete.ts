import { deleteCommand } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';

export const command = deleteCommand(hostCatalogs, { examples: ['host-catalogs delete -id hcst_1234567890'] });
