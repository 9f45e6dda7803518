import type { Field } from '../core/fields';

export const LOGIN_NAME: Field = {
  flag: { name: 'login-name', type: 'string', description: 'Name to log in with.' },
  path: 'attributes.login_name',
};
