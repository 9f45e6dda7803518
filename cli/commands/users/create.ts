import { createCommand } from '../../core/builders';
import { users } from '../../resources/users';

export const command = createCommand(users, { examples: ['users create -scope-id o_1234567890 -name alice'] });
