/** What the controller's side of the cluster port needs. */
import type { Clock } from '../../../lib/clock/clock';
import type { RandomInt } from '../../../lib/ids/ids';
import type { FairQueue } from '../../../lib/limits/fair-queue';
import type { Logger } from '../../../lib/log/log';
import type { Db } from '../db/db';
import type { Kms } from '../kms/kms';
import type { ControllerLimits } from '../limits';
import type { WorkerIdentity } from '../listeners/cluster-listener';
import type { DeploymentAuthority, issueServerIdentity } from '../workers/authority';
import type { TofuHmac } from '../workers/deployment';
import type { Measure } from './lease';

export interface ControlOptions {
  /** Name of this controller, for people. */
  name: string;
  db: Db;
  kms: Kms;
  clock: Clock;
  /** Corrects the clock by the database's time. When absent, the clock is taken as right. */
  measure?: Measure | undefined;
  log: Logger;
  authority: DeploymentAuthority;
  tofuHmac: TofuHmac;
  random?: RandomInt | undefined;
  /** Default: that of the certificate of the call's connection. */
  identityOf?: ((call: object) => WorkerIdentity | undefined) | undefined;
  issueIdentity?: typeof issueServerIdentity | undefined;
  /** Changed in place when the configuration is loaded anew; absent: the defaults. */
  limits?: Pick<ControllerLimits, 'cluster_queue_bytes'> | undefined;
}

/** What streams need. */
export interface ControlDeps extends ControlOptions {
  controllerId: string;
  /** Most bytes that may wait for one worker. */
  queueBytes: () => number;
  /** Where requests of workers take turns. */
  requestQueue: FairQueue;
}
