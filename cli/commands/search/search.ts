import { SEARCH_FLAGS } from '../../cache/flags';
import { defineCommand } from '../../core/command';

export const command = defineCommand({
  synopsis: 'Search targets, sessions and aliases in the local cache',
  description:
    'Answers from copies on this machine, so that it is fast however many there are; the copies are refreshed first ' +
    'when they are older than half a minute. Starts the cache when it is not running, unless SALLYPORT_SKIP_CACHE_DAEMON is true.',
  examples: [
    'search -resource targets -query "name % web"',
    'search -resource sessions -sort-by created_time -sort-direction desc',
  ],
  flags: SEARCH_FLAGS,
  run: async (context) => (await import('../../cache/search-command')).runSearch(context),
});
