import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage auth methods',
  description:
    'An auth method is a way to log in. A scope has at most one primary auth method, which logins use when they name none.',
};
