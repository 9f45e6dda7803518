import { createCommand } from '../../core/builders';
import { roles } from '../../resources/roles';

export const command = createCommand(roles, { examples: ['roles create -scope-id o_1234567890 -name readers'] });
