/** What handlers and tasks of the controller share; made once in main.ts. */
import type { Clock } from '../../lib/clock/clock';
import type { Logger } from '../../lib/log/log';
import type { KnownTokens } from './auth-tokens/known-tokens';
import type { Authz } from './authz/authz';
import type { ControllerConfig } from './config';
import type { Db } from './db/db';
import type { Kms } from './kms/kms';
import type { Outgoing } from './outgoing/requests';
import type { ListTokens } from './resources/list-token';

export interface ControllerDeps {
  config: Pick<
    ControllerConfig,
    | 'name'
    | 'maxPageSize'
    | 'authTokenTimeToLiveMs'
    | 'authTokenTimeToStaleMs'
    | 'concurrentPasswordHashWorkers'
    | 'limits'
  >;
  db: Db;
  kms: Kms;
  authz: Authz;
  listTokens: ListTokens;
  /** Requests to servers that users name. */
  outgoing: Outgoing;
  /** Is told of tokens that logins make. */
  known?: KnownTokens | undefined;
  clock: Clock;
  log: Logger;
}
