import { createCommand, kinds } from '../../core/builders';
import { LENGTHS } from '../../resources/auth-method-fields';
import { authMethods } from '../../resources/auth-methods';

export const command = kinds('Create an auth method', {
  password: createCommand(authMethods, {
    kind: 'password',
    sendType: true,
    fields: LENGTHS,
    examples: ['auth-methods create password -scope-id o_1234567890 -name staff'],
  }),
});
