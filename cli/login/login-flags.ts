/** Flags of the ways to log in. */
import type { Flag } from '../core/command';

export const LOGIN_SCOPE = {
  name: 'scope-id',
  type: 'string',
  default: 'global',
  env: 'SCOPE_ID',
  description: 'Scope whose primary auth method is used when no auth method is named.',
} as const satisfies Flag;

export const LOGIN_METHOD = {
  name: 'auth-method-id',
  type: 'string',
  env: 'AUTH_METHOD_ID',
  description: 'Auth method to log in with; the primary one when absent.',
} as const satisfies Flag;

export const PASSWORD_FLAGS = [
  {
    name: 'login-name',
    type: 'string',
    env: 'AUTHENTICATE_PASSWORD_LOGIN_NAME',
    description: 'Name to log in with. Asked for when absent.',
  },
  {
    name: 'password',
    type: 'string',
    env: 'AUTHENTICATE_PASSWORD_PASSWORD',
    description: 'Where to find the password: env://NAME or file://PATH. Asked for when absent.',
  },
] as const satisfies readonly Flag[];
