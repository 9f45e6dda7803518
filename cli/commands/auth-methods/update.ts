import { updateCommand, kinds } from '../../core/builders';
import { LENGTHS } from '../../resources/auth-method-fields';
import { authMethods } from '../../resources/auth-methods';

export const command = kinds('Update an auth method', {
  password: updateCommand(authMethods, {
    kind: 'password',
    fields: LENGTHS,
    examples: ['auth-methods update password -id ampw_1234567890 -min-password-length 12'],
  }),
});
