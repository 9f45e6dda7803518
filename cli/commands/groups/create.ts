import { createCommand } from '../../core/builders';
import { groups } from '../../resources/groups';

export const command = createCommand(groups, { examples: ['groups create -scope-id o_1234567890 -name operators'] });
