import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage scopes',
  description:
    'Scopes are where everything lives: the global scope holds orgs, an org holds projects, and targets and hosts live in projects.',
};
