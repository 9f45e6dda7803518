/**
 * A controller from its configuration to a running process part: what is opened here is closed
 * here, in reverse.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../../lib/clock/clock';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import type { Logger } from '../../lib/log/log';
import { PasswordQueue } from './auth-methods/passwords';
import { KnownTokens } from './auth-tokens/known-tokens';
import { auditLog, createAuthz } from './authz/authorizer';
import type { ControllerConfig, ListenAddress } from './config';
import type { ControllerDeps } from './context';
import { startControl, type Control } from './control/control';
import { startDatabaseClock } from './db/database-clock';
import { openDb } from './db/db';
import { startFront } from './front';
import { createKms } from './kms/kms';
import { startClusterListener } from './listeners/cluster-listener';
import { allowedAddresses } from './outgoing/networks';
import { createOutgoing } from './outgoing/requests';
import { createServices } from './services';
import { startSessionPushes } from './tasks/push-sessions';
import { sessionTasks } from './tasks/session-tasks';
import { startTasks } from './tasks/tasks';
import { loadAuthority } from './workers/authority';
import { loadListTokens, loadTofuHmac } from './workers/deployment';

export interface RunningController {
  /** As bound. */
  apiAddress: ListenAddress;
  clusterAddress: ListenAddress;
  opsAddress: ListenAddress | undefined;
  /**
   * Takes certificates, CORS, rate limits and other limits of another configuration; nothing that
   * runs is interrupted.
   */
  reload(config: ControllerConfig): void;
  close(): Promise<void>;
}

/**
 * Starts a controller on an initialized, migrated database. Whatever was opened is closed again
 * when a part fails.
 */
export async function startController(
  config: ControllerConfig,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<RunningController> {
  const lifecycle = new Lifecycle();
  try {
    return await open(config, { clock, log }, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function open(
  config: ControllerConfig,
  { clock: local, log }: { clock: Clock; log: Logger },
  lifecycle: Lifecycle,
): Promise<RunningController> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { name } = config;
  const { url, maxOpenConnections } = config.database;
  const limits = { ...config.limits };
  const connections = maxOpenConnections === undefined ? {} : { maxConnections: maxOpenConnections };
  const db = openDb({ url, log, limits, ...connections });
  lifecycle.onClose('the database', () => db.close());
  const kms = createKms({ rootKey: config.rootKey });
  const known = new KnownTokens(local);
  const { recoveryKey } = config;
  const authz = createAuthz({ config, db, kms, audit: auditLog(log), recoveryKey, known });
  const authority = await loadAuthority(db.executor, kms);
  const tofuHmac = await loadTofuHmac(db.executor, kms);
  const listTokens = await loadListTokens(db.executor, kms);
  const outgoing = createOutgoing(allowedAddresses(config.outgoingAllowedNetworks));
  const { clock, measure } = await startDatabaseClock({ db, local, log });
  const deps: ControllerDeps = {
    config: { ...config, limits },
    db,
    kms,
    authz,
    listTokens,
    outgoing,
    known,
    clock,
    log,
  };
  const forWorkers = db.forWorkers ?? db;
  const own = { name, db: forWorkers, kms, clock, measure, log, authority, tofuHmac, limits };
  const control = await startControl(own);
  lifecycle.onClose('the worker streams', () => control.close());
  await startBackground({ ...deps, db: forWorkers }, { control, registry }, lifecycle);

  const { service } = control;
  const { address } = config.cluster;
  const secureContext = () => control.secureContext();
  const cluster = await startClusterListener({ address, secureContext, service, registry, limits });
  lifecycle.onClose('the cluster port', () => cluster.close());

  const passwords = new PasswordQueue({ concurrent: config.concurrentPasswordHashWorkers, clock });
  const services = createServices({ ...deps, passwords, control, authority });
  const front = await startFront(config, { deps, registry, services, known }, lifecycle);
  return {
    ...front,
    clusterAddress: { host: cluster.address, port: cluster.port },
    close: () => lifecycle.close(),
  };
}

/** Pushes and periodic tasks. */
async function startBackground(
  deps: ControllerDeps,
  { control, registry }: { control: Control; registry: Registry },
  lifecycle: Lifecycle,
): Promise<void> {
  const { db, kms, authz, clock, log, config } = deps;
  const pushes = await startSessionPushes({ db, kms, authz, clock, log, control, registry });
  lifecycle.onClose('the notifications', () => pushes.close());
  const { authTokenTimeToStaleMs } = config;
  const tasks = startTasks({ clock, log }, sessionTasks({ db, kms, pushes, control, authTokenTimeToStaleMs }));
  lifecycle.onClose('the periodic tasks', () => tasks.close());
}
