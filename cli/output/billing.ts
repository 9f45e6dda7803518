import type { AsJson } from '../../lib/rpc/as-json';
import type { ActiveUsers } from '../../proto/gen/api/billing';
import { longTime } from './format';
import { row } from './table';

const COLUMN = 14;

/** Users who opened sessions, by month. */
export const activeUsersTable = (months: readonly AsJson<ActiveUsers>[]): string[] => [
  'Billing information:',
  '',
  ...months.flatMap((month) => [
    row(2, 'Count', month.count ?? '0', COLUMN),
    row(2, 'Start Time', longTime(String(month.start_time ?? '')), COLUMN),
    row(2, 'End Time', longTime(String(month.end_time ?? '')), COLUMN),
    '',
  ]),
];
