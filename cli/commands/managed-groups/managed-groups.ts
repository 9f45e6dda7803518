import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage managed groups',
  description:
    'A managed group is a set of accounts that an OIDC provider or an LDAP directory says belong together. Roles can ' +
    'name it as a principal.',
};
