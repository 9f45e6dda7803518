/**
 * `dev`: a deployment on one machine in one command. It is a preset of the entry points that
 * operators use: embedded PostgreSQL, a controller in this process, and a worker as its own process
 * that enrolls over the cluster port.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { systemClock } from '../../lib/clock/clock';
import { formatAddress, type HostPort } from '../../lib/config/address';
import { AEAD_KEY_BYTES } from '../../lib/config/aead-key';
import { Lifecycle } from '../../lib/lifecycle/lifecycle';
import { STOP_SIGNALS } from '../../lib/platform/signals';
import { createLogger, type Logger } from '../../lib/log/log';
import { CONTROLLER_DEFAULTS, type ControllerConfig } from '../controller/config';
import { migrate } from '../controller/db/migrate';
import { isInitialized } from '../controller/init/init.store';
import { initialize } from '../controller/init/initialize';
import { devPlan } from '../controller/init/plan';
import { sealInPlace } from '../controller/kms/seal-in-place';
import { createKms, RootKeyError } from '../controller/kms/kms';
import { startController } from '../controller/main';
import { DEFAULT_MAX_QUOTAS } from '../controller/rpc/rate-limit';
import { startWorkerProcess, type WorkerProcess } from '../server/child-worker';
import { enrollBeside } from '../server/enroll-beside';
import { withDb } from '../server/preflight';
import { runUntilStopped } from '../server/signals';
import { StartFailure } from '../server/start-failure';
import type { Flags, Streams } from '../server/streams';
import type { WorkerConfig } from '../worker/config';
import { loadState, startDevDatabase, type DevDatabase, type DevState } from './database';
import { readDevSettings, type DevSettings } from './options';
import { devText } from './output';
import { temporaryDirectory } from './temporary';

/** How long live connections may go on after the first Ctrl-C, ms. */
const DRAIN_MS = 3_000;

interface Running {
  lifecycle: Lifecycle;
  force: (() => void)[];
  failed: Promise<string>[];
}

export async function runDev(flags: Flags, streams: Streams): Promise<number> {
  const env = streams.env ?? process.env;
  const settings = readDevSettings(flags, env);
  const log = createLogger('dev', settings.log);
  const running: Running = { lifecycle: new Lifecycle(), force: [], failed: [] };
  const left = new Promise<void>((resolve) => streams.stdout.on?.('error', resolve));
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new StartFailure('interrupted while starting'));
    for (const name of STOP_SIGNALS) {
      process.once(name, stop);
      running.lifecycle.onClose('the signal handlers', () => void process.off(name, stop));
    }
  });
  const starting = startAll(settings, running, log, env);
  let started: string;
  try {
    started = await Promise.race([starting, interrupted]);
  } catch (error) {
    // Parts that are still starting register themselves for closing first.
    await starting.catch(() => undefined);
    await running.lifecycle.close();
    throw error;
  }
  return runUntilStopped(
    {
      failed: Promise.race(running.failed),
      left,
      started: () => started,
      stopping: 'Sallyport dev environment graceful shutdown triggered, interrupt again to stop at once',
      close: () => running.lifecycle.close(),
      force: () => running.force.forEach((kill) => kill()),
    },
    streams,
  );
}

/** Starts the parts in their order of need; answers the text to print. */
async function startAll(settings: DevSettings, running: Running, log: Logger, env: NodeJS.ProcessEnv): Promise<string> {
  await requireFreePorts(settings);
  const home = openHome(settings, running);
  const state = await loadState(settings.dataDir);
  const database = await openDatabase(settings, home, state, running, log, env);
  const config = controllerConfig(settings, state, database);
  await fillDatabase(settings, config, database, log);
  const controller = await startController(config, { clock: systemClock, log });
  running.lifecycle.onClose('the controller', () => controller.close());
  const worker = settings.controllerOnly
    ? undefined
    : await startWorker(settings, config, controller.clusterAddress, home, running);
  return devText({ settings, config, controller, database, worker, home: settings.dataDir });
}

function openHome(settings: DevSettings, running: Running): string {
  if (settings.dataDir !== undefined) return settings.dataDir;
  const home = temporaryDirectory('sallyport-dev');
  const remove = (): void => rmSync(home, { recursive: true, force: true });
  running.lifecycle.onClose('the temporary directory', remove);
  running.force.unshift(remove);
  return home;
}

async function openDatabase(
  settings: DevSettings,
  home: string,
  state: DevState,
  running: Running,
  log: Logger,
  env: NodeJS.ProcessEnv,
): Promise<DevDatabase> {
  if (settings.databaseUrl !== undefined) return { url: settings.databaseUrl };
  const database = await startDevDatabase(home, state, settings.demo, log, env);
  const { postgres } = database;
  let stopping = false;
  running.lifecycle.onClose('PostgreSQL', () => {
    stopping = true;
    return postgres.stop();
  });
  running.force.unshift(() => postgres.kill());
  running.failed.push(
    postgres.exited.then(() => (stopping ? new Promise<never>(() => undefined) : 'PostgreSQL ended; start again')),
  );
  return database;
}

function controllerConfig(settings: DevSettings, state: DevState, database: DevDatabase): ControllerConfig {
  return {
    ...CONTROLLER_DEFAULTS,
    name: 'dev-controller',
    description: 'A default controller created in dev mode',
    database: { url: database.url },
    rootKey: { id: 'dev_root', key: Buffer.from(state.rootKey, 'base64') },
    recoveryKey: { id: 'global_recovery', key: settings.recoveryKey ?? randomBytes(AEAD_KEY_BYTES) },
    api: {
      address: settings.api,
      corsEnabled: true,
      corsAllowedOrigins: ['*'],
      origins: { allowedHosts: settings.apiAllowedHosts },
    },
    cluster: { address: settings.cluster, publicAddress: settings.controllerPublicClusterAddress },
    ops: { address: settings.ops, allowedHosts: settings.opsAllowedHosts },
    // People who try things out run Vault and identity providers on the same host.
    outgoingAllowedNetworks: ['127.0.0.0/8', '::1'],
    apiRateLimits: { rules: [], maxQuotas: DEFAULT_MAX_QUOTAS },
  };
}

const demoEndpoint = (url: URL) => ({
  address: url.hostname,
  port: Number(url.port),
  username: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
});

async function fillDatabase(
  settings: DevSettings,
  config: ControllerConfig,
  database: DevDatabase,
  log: Logger,
): Promise<void> {
  await migrate(database.url, log);
  const kms = createKms({ rootKey: config.rootKey });
  const demo = database.demoUrl && demoEndpoint(database.demoUrl);
  try {
    await withDb(database.url, log, async (db) => {
      if (await isInitialized(db.executor)) {
        await kms.verify(db.executor);
        await sealInPlace(db, kms, systemClock.now());
        return;
      }
      await initialize(db, kms, devPlan({ ...settings, demo }), systemClock.now());
    });
  } catch (cause) {
    if (!(cause instanceof RootKeyError)) throw cause;
    throw new StartFailure(
      'the database was filled by another start of dev mode, whose keys are gone: use an empty database, or keep the ' +
        'keys with -data-dir',
      2,
      { cause },
    );
  }
}

async function startWorker(
  settings: DevSettings,
  controller: ControllerConfig,
  clusterAddress: HostPort,
  home: string,
  running: Running,
): Promise<WorkerProcess> {
  const plain: WorkerConfig = {
    proxy: settings.proxy,
    publicAddress: settings.workerPublicAddress,
    ops: { ...settings.workerOps, allowedHosts: settings.opsAllowedHosts },
    initialUpstreams: [clusterAddress],
    tags: { type: ['dev', 'local'] },
    authStoragePath: join(home, 'worker'),
  };
  const { config } = await enrollBeside(controller, plain, {
    name: `w_${settings.idSuffix}`,
    description: 'A default worker created in dev mode',
  });
  const worker = await startWorkerProcess(config, settings.log);
  let stopping = false;
  running.lifecycle.onClose('the worker', () => {
    stopping = true;
    return worker.stop(DRAIN_MS);
  });
  running.force.unshift(() => worker.kill());
  running.failed.push(
    worker.exited.then((how) => (stopping ? new Promise<never>(() => undefined) : `the worker process ended ${how}`)),
  );
  await worker.attached;
  return worker;
}

/** All busy ports in one message, before anything is started. */
async function requireFreePorts(settings: DevSettings): Promise<void> {
  const wanted: [flag: string, address: HostPort][] = [
    ['-api-listen-address', settings.api],
    ['-cluster-listen-address', settings.cluster],
    ['-ops-listen-address', settings.ops],
  ];
  if (!settings.controllerOnly) {
    wanted.push(['-proxy-listen-address', settings.proxy], ['-worker-ops-listen-address', settings.workerOps]);
  }
  const problems: string[] = [];
  for (const [flag, address] of wanted) {
    const code = await listenFailure(address);
    if (code === 'EADDRINUSE') problems.push(`${formatAddress(address)} is in use (${flag})`);
    else if (code !== undefined) problems.push(`cannot listen on ${formatAddress(address)}: ${code} (${flag})`);
  }
  if (problems.length === 0) return;
  throw new StartFailure(
    `${problems.join('\n  ')}\n  Stop what listens there, or choose other addresses with these flags`,
  );
}

/** Code of the error that listening there gives. */
function listenFailure({ host, port }: HostPort): Promise<string | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}
