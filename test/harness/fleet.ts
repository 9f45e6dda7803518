/**
 * Controllers and workers in the test process, with real sockets on free ports and a real database:
 * quick to start, and each part may have a clock of its own. The deployment starts as dev mode
 * does, with the ids of {@link DEV}.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startSessionProxy,
  type SessionProxy,
  type SessionProxyOptions,
} from '../../cli/connect/listener/session-proxy';
import { systemClock, type Clock } from '../../lib/clock/clock';
import { createLogger, type Logger } from '../../lib/log/log';
import { CONTROLLER_DEFAULTS, type ControllerConfig } from '../../services/controller/config';
import { openDb, type Db } from '../../services/controller/db/db';
import { initialize } from '../../services/controller/init/initialize';
import { localWorkerToken } from '../../services/controller/init/local-worker';
import { devPlan } from '../../services/controller/init/plan';
import { createKms, type Kms } from '../../services/controller/kms/kms';
import { startController, type RunningController } from '../../services/controller/main';
import { startWorker, type RunningWorker } from '../../services/worker/main';
import { Api } from './api';
import { DEV } from './controller';
import { createTestDatabase } from './postgres';

export interface FleetOptions {
  /** One controller for each. Default: one, on time. */
  controllers?: Clock[];
  /** One worker for each, attached to the first controllers in turn. Default: one, on time. */
  workers?: Clock[];
  config?: Partial<ControllerConfig>;
}

export interface Fleet {
  db: Db;
  kms: Kms;
  /** As the administrator, at the first controller. */
  api: Api;
  controllers: RunningController[];
  workers: RunningWorker[];
  /** Ids by position. */
  workerIds: string[];
  stop(): Promise<void>;
}

const PASSWORD = 'password';

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const closing: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    return { ...(await open(options, closing)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function open(
  { controllers: clocks = [systemClock], workers: workerClocks = [systemClock], config }: FleetOptions,
  closing: (() => Promise<unknown> | void)[],
): Promise<Omit<Fleet, 'stop'>> {
  const log = quietLog(closing);
  const database = await createTestDatabase();
  closing.push(() => database.drop());
  const home = mkdtempSync(join(tmpdir(), 'sallyport-fleet-'));
  closing.push(() => rmSync(home, { recursive: true, force: true }));
  const db = openDb({ url: database.url, log, maxConnections: 4 });
  closing.push(() => db.close());
  const rootKey = { id: 'root', key: randomBytes(32) };
  const kms = createKms({ rootKey });
  await initialize(db, kms, plan(), clocks[0]!.now());
  const controllers: RunningController[] = [];
  for (const [i, clock] of clocks.entries()) {
    const controller = await startController(configOf(`c${i}`, database.url, rootKey, config), { clock, log });
    closing.push(() => controller.close());
    controllers.push(controller);
  }
  const workers: RunningWorker[] = [];
  for (const [i, clock] of workerClocks.entries()) {
    const token = await localWorkerToken(db, kms, { name: `w${i}`, description: null }, clocks[0]!.now());
    const worker = await startWorker(
      {
        proxy: { host: '127.0.0.1', port: 0 },
        initialUpstreams: [controllers[i % controllers.length]!.clusterAddress],
        tags: {},
        authStoragePath: join(home, `worker-${i}`),
        activationToken: token,
      },
      { clock, log },
    );
    closing.push(() => worker.close());
    await worker.attached();
    workers.push(worker);
  }
  const api = new Api(`http://127.0.0.1:${controllers[0]!.apiAddress.port}`);
  await api.login(DEV.authMethod, 'admin', PASSWORD);
  return { db, kms, api, controllers, workers, workerIds: workers.map((worker) => worker.workerId()!) };
}

/**
 * Audit events are written whatever the level is, so they go nowhere unless the logs are asked for.
 */
function quietLog(closing: (() => void)[]): Logger {
  const level = process.env['TEST_LOG_LEVEL'];
  if (level !== undefined) return createLogger('test', { level });
  const fd = openSync('/dev/null', 'w');
  closing.push(() => closeSync(fd));
  return createLogger('test', { level: 'silent', fd });
}

const local = { address: { host: '127.0.0.1', port: 0 } };

const configOf = (
  name: string,
  url: string,
  rootKey: ControllerConfig['rootKey'],
  more: Partial<ControllerConfig> = {},
): ControllerConfig => ({
  ...CONTROLLER_DEFAULTS,
  name,
  database: { url },
  rootKey,
  api: { ...local, corsEnabled: false, corsAllowedOrigins: [] },
  cluster: local,
  ...more,
});

/** A client's end of a session on a free port. */
export const proxyOf = (token: string, more: Partial<SessionProxyOptions> = {}): Promise<SessionProxy> =>
  startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0, ...more });

const plan = () =>
  devPlan({
    idSuffix: '1234567890',
    secondaryIdSuffix: '0987654321',
    loginName: 'admin',
    password: PASSWORD,
    unprivilegedLoginName: 'user',
    unprivilegedPassword: PASSWORD,
    hostAddress: 'localhost',
    targetDefaultPort: 22,
    targetSessionMaxSeconds: 0,
    targetSessionConnectionLimit: -1,
  });
