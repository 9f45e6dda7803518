import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage workers',
  description:
    'A worker carries the bytes of sessions. It proves who it is with a certificate that it gets for an activation token.',
};
