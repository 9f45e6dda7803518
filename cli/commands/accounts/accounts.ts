import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage accounts',
  description: 'An account is who somebody is for an auth method: a login name, or the subject that a provider names.',
};
