/** The commands of `cache`, and of its older name `daemon`, as data. */
import { defineCommand, type Command } from '../core/command';
import { START_FLAGS, STATUS_FLAGS, TOKEN_FLAGS } from './flags';

const VERBS = {
  start: defineCommand({
    synopsis: 'Start the cache',
    description: 'Runs until it is told to stop, or for an hour without a token that works and without a search.',
    flags: START_FLAGS,
    run: async (context) => (await import('./commands')).runStart(context),
  }),
  stop: defineCommand({
    synopsis: 'Stop the cache',
    flags: [],
    run: async (context) => (await import('./commands')).runStop(context),
  }),
  status: defineCommand({
    synopsis: 'Tell what the cache holds, and how fresh it is',
    flags: STATUS_FLAGS,
    run: async (context) => (await import('./commands')).runStatus(context),
  }),
  'add-token': defineCommand({
    synopsis: 'Give the cache the token of a login',
    description:
      'The cache asks the controller of -addr for what the user of the token can see. A token of the keyring is handed ' +
      'over by its name, any other one itself. "search" does the same by itself.',
    flags: TOKEN_FLAGS,
    run: async (context) => (await import('./commands')).runAddToken(context),
  }),
};

/** A command of `noun`; the older name warns. */
export function cacheCommand(noun: 'cache' | 'daemon', verb: keyof typeof VERBS): Command {
  const command = VERBS[verb];
  return {
    ...command,
    examples: [`${noun} ${verb}${verb === 'start' ? ' -background' : ''}`],
    run(context) {
      if (noun === 'daemon') context.printer.warn(`"daemon ${verb}" is deprecated, use "cache ${verb}".`);
      return command.run!(context);
    },
  };
}
