import type { Command } from '../../core/command';
import { UsageError } from '../../io/errors';
import { OUTPUT } from '../../core/flags';

const unsupported = (synopsis: string): (() => Promise<Command>) => {
  const run = (): Promise<number> =>
    Promise.reject(
      new UsageError('The client agent is not supported; "connect" with an alias opens the same sessions'),
    );
  return () => Promise.resolve({ synopsis, flags: [OUTPUT], run });
};

export const command: Command = {
  synopsis: 'Talk to the client agent, which does not exist here',
  description: 'These commands are known so that scripts get a clear answer: each one fails.',
  commands: {
    pause: unsupported('Stop intercepting names'),
    resume: unsupported('Intercept names again'),
    sessions: unsupported('List the sessions of the agent'),
    status: unsupported('Tell how the agent is'),
  },
};
