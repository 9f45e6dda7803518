import type { Command } from '../../core/command';

export const command: Command = {
  synopsis: 'Manage targets',
  description:
    'A target is what people connect to: a protocol, a port, and an address or the host sets to choose a host from.',
};
