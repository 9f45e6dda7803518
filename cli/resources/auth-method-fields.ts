import { unsigned, type Field } from '../core/fields';

export const LENGTHS: Field[] = [
  {
    flag: {
      name: 'min-login-name-length',
      type: 'string',
      hint: 'uint',
      description: 'Fewest characters of a login name. The word null means the default, 3.',
    },
    path: 'attributes.min_login_name_length',
    parse: unsigned,
  },
  {
    flag: {
      name: 'min-password-length',
      type: 'string',
      hint: 'uint',
      description: 'Fewest characters of a password. The word null means the default, 8.',
    },
    path: 'attributes.min_password_length',
    parse: unsigned,
  },
];
