import { listCommand } from '../../core/builders';
import { hostCatalogs } from '../../resources/host-catalogs';

export const command = listCommand(hostCatalogs, { examples: ['host-catalogs list -scope-id p_1234567890'] });
