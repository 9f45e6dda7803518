/** Flags of the commands about the cache. */
import type { Flag, FlagGroup } from '../core/command';
import { CONNECTION, KEYRING_TYPE, OUTPUT, TOKEN_NAME } from '../core/flags';
import { CLEAR_TEXT, OTHER_ADDRESS } from '../core/token-place';
import { SEARCHABLE } from './api';

const CURL = {
  name: 'output-curl-string',
  type: 'bool',
  description: 'Print the curl command that makes the same call of the cache, and send nothing.',
} as const satisfies Flag;

const TOKEN = {
  name: 'token',
  type: 'string',
  description: 'Where to find the token: "env://NAME" or "file://PATH". The keyring is then not used.',
} as const satisfies Flag;

const ADDR = CONNECTION.flags[0];

export const STATUS_FLAGS = [OUTPUT, { title: 'Client Options', flags: [CURL] }];

export const TOKEN_FLAGS = [
  { title: CONNECTION.title, flags: [ADDR] },
  { title: 'Client Options', flags: [TOKEN_NAME, KEYRING_TYPE, TOKEN, OTHER_ADDRESS, CLEAR_TEXT, CURL] },
  OUTPUT,
] as const satisfies readonly FlagGroup[];

export const SEARCH_FLAGS = [
  ...TOKEN_FLAGS,
  {
    title: 'Command Options',
    flags: [
      { name: 'resource', type: 'string', description: `What to search: ${SEARCHABLE.join(', ')}. Required.` },
      {
        name: 'query',
        type: 'string',
        description:
          'Comparisons of columns, such as \'name % "web" and type = "tcp"\'. The operators are = != < <= > >= and %, ' +
          'which finds a part; case does not count. The columns: id, name, description, type, address, scope_id of ' +
          'targets; id, endpoint, type, status, scope_id, target_id, user_id of sessions; id, type, destination_id, ' +
          'value of aliases; id of scopes.',
      },
      {
        name: 'filter',
        type: 'string',
        description: 'Expression over /item/... as lists take it, such as \'"/item/type" == "tcp"\'.',
      },
      {
        name: 'max-result-set-size',
        type: 'int',
        default: '0',
        description: 'Most items to show; 0 is 250, -1 is all.',
      },
      { name: 'sort-by', type: 'string', description: 'Order: "name" of targets, "created_time" of sessions.' },
      { name: 'sort-direction', type: 'string', description: '"asc" or "desc".' },
      { name: 'force-refresh', type: 'bool', hidden: true, description: 'Ask the controller before searching.' },
    ],
  },
] as const satisfies readonly FlagGroup[];

const NO_DATABASE = 'the copies are in memory only.';

export const START_FLAGS = [
  {
    title: 'Command Options',
    flags: [
      {
        name: 'log-level',
        type: 'string',
        env: 'LOG_LEVEL',
        default: 'info',
        description: 'Least level of log lines: "debug", "info", "warn" or "error".',
      },
      {
        name: 'log-format',
        type: 'string',
        env: 'LOG_FORMAT',
        default: 'standard',
        description: 'Format of log lines: "standard" or "json".',
      },
      {
        name: 'refresh-interval',
        type: 'duration',
        default: '5m',
        description: 'Time between two refreshes in the background.',
      },
      {
        name: 'max-search-staleness',
        type: 'duration',
        default: '30s',
        description: 'A search of older copies refreshes them first.',
      },
      {
        name: 'max-search-refresh-timeout',
        type: 'duration',
        default: '7s',
        description: 'Longest time that a search waits for that.',
      },
      { name: 'background', type: 'bool', description: 'Start the cache and leave it running.' },
      {
        name: 'database-url',
        type: 'string',
        hidden: true,
        description: 'Database of the copies.',
        noEffect: NO_DATABASE,
      },
      {
        name: 'recheck-support-interval',
        type: 'duration',
        hidden: true,
        description: 'Time between two checks of what the controller can do.',
        noEffect: 'each refresh checks it.',
      },
      { name: 'store-debug', type: 'bool', hidden: true, description: 'Log the database.', noEffect: NO_DATABASE },
      { name: 'd', type: 'bool', hidden: true, description: 'Same as -store-debug.', noEffect: NO_DATABASE },
      {
        name: 'force-reset-schema',
        type: 'bool',
        hidden: true,
        description: 'Empty the database.',
        noEffect: NO_DATABASE,
      },
    ],
  },
] as const satisfies readonly FlagGroup[];
