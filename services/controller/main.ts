/** A controller from its configuration to a running process part: what is opened here is closed here, in reverse. */
import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../../lib/clock/clock';
import { packageFile } from '../../lib/config/package-root';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import type { Logger } from '../../lib/log/log';
import { PasswordQueue } from './auth-methods/passwords';
import { auditLog, createAuthz } from './authz/authorizer';
import type { ControllerConfig, ListenAddress } from './config';
import type { ControllerDeps } from './context';
import { startControl, type Control } from './control/control';
import { openDb } from './db/db';
import { createAdmission } from './gateway/admission';
import { createGateway } from './gateway/gateway';
import { createKms } from './kms/kms';
import { startApiListener } from './listeners/api-listener';
import { startClusterListener } from './listeners/cluster-listener';
import { startOpsListener } from './listeners/ops-listener';
import { loadDescriptors } from './rpc/descriptors';
import { createGrpcFront } from './rpc/grpc-server';
import { createPipeline } from './rpc/pipeline';
import { createServices } from './services';
import { startSessionPushes } from './tasks/push-sessions';
import { sessionTasks } from './tasks/session-tasks';
import { startTasks } from './tasks/tasks';
import { loadAuthority } from './workers/authority';
import { loadTofuHmac } from './workers/deployment';

export interface RunningController {
  /** As bound. */
  apiAddress: ListenAddress;
  clusterAddress: ListenAddress;
  opsAddress: ListenAddress | undefined;
  close(): Promise<void>;
}

/** Requests that run when a controller stops have this long. */
const GRACE_MS = 5_000;

/** Starts a controller on an initialized, migrated database. Whatever was opened is closed again when a part fails. */
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
  { clock, log }: { clock: Clock; log: Logger },
  lifecycle: Lifecycle,
): Promise<RunningController> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { url, maxOpenConnections } = config.database;
  const db = openDb({ url, log, ...(maxOpenConnections === undefined ? {} : { maxConnections: maxOpenConnections }) });
  lifecycle.onClose('the database', () => db.close());
  const kms = createKms({ rootKey: config.rootKey });
  const authz = createAuthz({ config, db, kms, audit: auditLog(log) });
  const deps: ControllerDeps = { config, db, kms, authz, clock, log };
  const authority = await loadAuthority(db.executor, kms);
  const tofuHmac = await loadTofuHmac(db.executor, kms);
  const control = await startControl({ name: config.name, db, kms, clock, log, authority, tofuHmac });
  lifecycle.onClose('the worker streams', () => control.close());
  await startBackground(deps, { control, registry }, lifecycle);

  const service = control.service;
  const secureContext = () => control.secureContext();
  const cluster = await startClusterListener({ address: config.cluster.address, secureContext, service, registry });
  lifecycle.onClose('the cluster port', () => cluster.close());

  const passwords = new PasswordQueue({ concurrent: config.concurrentPasswordHashWorkers, clock });
  const services = createServices({ ...deps, passwords, control, authority });
  const api = await startFront(config, { deps, registry, services }, lifecycle);
  return {
    apiAddress: api.apiAddress,
    clusterAddress: { host: cluster.address, port: cluster.port },
    opsAddress: api.opsAddress,
    close: () => lifecycle.close(),
  };
}

/** Pushes and periodic tasks. */
async function startBackground(
  deps: ControllerDeps,
  { control, registry }: { control: Control; registry: Registry },
  lifecycle: Lifecycle,
): Promise<void> {
  const { db, kms, clock, log, config } = deps;
  const pushes = await startSessionPushes({ db, kms, clock, log, control, registry });
  lifecycle.onClose('the notifications', () => pushes.close());
  const { authTokenTimeToStaleMs } = config;
  const tasks = startTasks({ clock, log }, sessionTasks({ db, kms, pushes, authTokenTimeToStaleMs }));
  lifecycle.onClose('the periodic tasks', () => tasks.close());
}

/** API and ops ports. */
async function startFront(
  config: ControllerConfig,
  parts: { deps: ControllerDeps; registry: Registry; services: ReturnType<typeof createServices> },
  lifecycle: Lifecycle,
): Promise<{ apiAddress: ListenAddress; opsAddress: ListenAddress | undefined }> {
  const { registry } = parts;
  const { clock, log } = parts.deps;
  const { maxRequestDurationMs, maxRequestBytes } = config;
  const pipeline = createPipeline(parts.services, { log, clock, maxRequestDurationMs, registry });
  const descriptors = loadDescriptors(readFileSync(packageFile('proto/gen/image.binpb')));
  const admit =
    config.apiRateLimits && createAdmission(config.apiRateLimits, { descriptors, pipeline }, { clock, registry });
  const grpc = createGrpcFront(pipeline, descriptors, maxRequestBytes, admit);
  const cors = { enabled: config.api.corsEnabled, allowedOrigins: config.api.corsAllowedOrigins };
  const gateway = createGateway({ pipeline, descriptors, cors, maxRequestBytes, registry, admit });
  const { address, tls } = config.api;
  const api = await startApiListener({ address, tls, grpc, gateway, registry, log });
  lifecycle.onClose('the API port', () => api.close(GRACE_MS));
  let stopping = false;
  const ops =
    config.ops === undefined
      ? undefined
      : await startOpsListener({ ...config.ops, db: parts.deps.db, registry, stopping: () => stopping });
  lifecycle.onClose('the ops port', () => ops?.close());
  lifecycle.onClose('readiness', async () => {
    stopping = true;
    grpc.setServing(false);
    await new Promise<void>((resolve) => void clock.after(config.gracefulShutdownWaitMs, resolve));
  });
  return { apiAddress: api.address, opsAddress: ops?.address };
}
