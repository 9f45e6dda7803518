import { createCommand } from '../../core/builders';
import { scopes } from '../../resources/scopes';

export const command = createCommand(scopes, {
  examples: [
    'scopes create -scope-id global -name operations',
    'scopes create -scope-id o_1234567890 -name databases -skip-default-role-creation',
  ],
  beside: [
    {
      name: 'skip-admin-role-creation',
      type: 'bool',
      description: 'Do not create the role that makes the caller the administrator of the new scope.',
    },
    {
      name: 'skip-default-role-creation',
      type: 'bool',
      description: 'Do not create the role with which everybody may log in to the new scope.',
    },
  ],
});
