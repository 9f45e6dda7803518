import { updateCommand } from '../../core/builders';
import { scopes } from '../../resources/scopes';

export const command = updateCommand(scopes, {
  examples: ['scopes update -id o_1234567890 -primary-auth-method-id ampw_1234567890'],
  fields: [
    {
      flag: {
        name: 'primary-auth-method-id',
        type: 'string',
        description: 'Auth method of the scope that logins use when they name none. The word null clears it.',
      },
      path: 'primary_auth_method_id',
    },
  ],
});
