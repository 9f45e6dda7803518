import { withClient } from '../../core/api-command';
import { defineCommand } from '../../core/command';
import { EXIT } from '../../io/errors';
import { apiFlags } from '../../core/flags';
import { activeUsersTable } from '../../output/billing';
import type { Item } from '../../output/table';

export const command = defineCommand({
  synopsis: 'Count the users who opened sessions, by month',
  description: 'Without times: the current month and the one before. Months are those of UTC.',
  examples: ['billing monthly-active-users', 'billing monthly-active-users -start-time 2024-01 -end-time 2024-07'],
  flags: apiFlags(
    { name: 'start-time', type: 'string', description: 'First month: YYYY-MM.' },
    { name: 'end-time', type: 'string', description: 'First month that is left out: YYYY-MM.' },
  ),
  run: (context) =>
    withClient(context, async (client) => {
      const { args, printer } = context;
      const { BillingServiceDefinition } = await import('../../../proto/gen/api/billing');
      const answer = await client.call({
        service: BillingServiceDefinition,
        method: 'monthlyActiveUsers',
        request: { start_time: args['start-time'], end_time: args['end-time'] },
        action: 'monthly-active-users on billing',
        attempt: 'read monthly active users',
      });
      const items = (answer.items ?? []) as Item[];
      if (printer.format === 'json') printer.json({ status_code: 200, item: { items } });
      else printer.table(activeUsersTable(items));
      return EXIT.ok;
    }),
});
