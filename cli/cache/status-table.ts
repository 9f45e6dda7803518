import type { ResourceStatus, StatusAnswer, UserStatus } from './api';
import { rows, type Fields } from '../output/table';

/** Value column, wide enough for the longest label at its indent. */
const COLUMN = 34;

export const statusTable = (status: StatusAnswer): string[] => [
  '',
  'Status:',
  ...rows(
    2,
    {
      'Domain Socket': status.domain_socket,
      'Log Location': status.log_location,
      Uptime: span(status.uptime_ms),
      'User Count': status.users.length,
      Version: status.version,
    },
    COLUMN,
  ),
  ...status.users.flatMap(userLines),
];

const userLines = (user: UserStatus): string[] => [
  '',
  '  User:',
  ...rows(
    4,
    {
      Address: user.address,
      'AuthToken Count': user.auth_tokens.length,
      Id: user.id,
      'Search Support': user.search_support,
      'Since Search Support Check': span(user.since_search_support_check_ms),
    },
    COLUMN,
  ),
  ...user.auth_tokens.flatMap((token) => [
    '    AuthToken:',
    ...rows(6, { Id: token.id, 'In Keyring': token.in_keyring }, COLUMN),
  ]),
  ...user.resources.flatMap((resource) => [`    ${TITLES[resource.name]}:`, ...rows(6, fields(resource), COLUMN)]),
];

const TITLES: Readonly<Record<ResourceStatus['name'], string>> = {
  'resolvable-aliases': 'Resolvable Alias',
  sessions: 'Session',
  targets: 'Target',
};

const fields = (resource: ResourceStatus): Fields => ({
  Count: resource.count,
  'Last Error Message': resource.last_error,
  'Since Initial Fetch': span(resource.since_initial_fetch_ms),
  'Since Last Error': span(resource.since_last_error_ms),
  'Since Last Refresh': span(resource.since_last_refresh_ms),
});

/** `1h2m3s`, without leading zeros. */
function span(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}
