/**
 * A whole controller in the test process: a database of its own, started as dev mode starts, every
 * port free.
 */
import { randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { systemClock } from '../../lib/clock/clock';
import { createLogger } from '../../lib/log/log';
import { newEd25519 } from '../../lib/tls/keys';
import { CONTROLLER_DEFAULTS, type ControllerConfig } from '../../services/controller/config';
import { openDb, type Db } from '../../services/controller/db/db';
import { initialize } from '../../services/controller/init/initialize';
import { createKms } from '../../services/controller/kms/kms';
import { startController } from '../../services/controller/main';
import { enrollWith, TestWorker } from '../../services/controller/control/control.fixture';
import { loadAuthority } from '../../services/controller/workers/authority';
import { Api } from './api';
import { DEV, testPlan } from './controller';
import { grpcDoor, httpDoor, type Door } from './doors';
import { createTestDatabase } from './postgres';

export interface WholeController {
  /** Of the API. */
  port: number;
  address: string;
  /** Where test workers go. */
  cluster: { port: number; authorities: Buffer[] };
  /** For looking at rows, and for what no call can make. */
  db: Db;
  /** Of its database. */
  databaseUrl: string;
  /** As the administrator. */
  api: Api;
  http: Door;
  grpc: Door;
  stop(): Promise<void>;
}

/**
 * Dev mode's ids are in {@link DEV}. `logFile`: where everything is logged, down to trace; nowhere
 * when absent.
 */
export async function startWholeController(
  more: Partial<ControllerConfig> = {},
  logFile?: string,
): Promise<WholeController> {
  // Audit events are written whatever the level.
  const level = logFile === undefined ? 'silent' : 'trace';
  const log = createLogger('test', { level, fd: openSync(logFile ?? '/dev/null', 'w') });
  const database = await createTestDatabase();
  const rootKey = { id: 'root', key: randomBytes(32) };
  const db = openDb({ url: database.url, log, maxConnections: 2 });
  const kms = createKms({ rootKey });
  await initialize(db, kms, testPlan(), new Date());
  const { certificates } = await loadAuthority(db.executor, kms);
  const anywhere = { host: '127.0.0.1', port: 0 };
  const controller = await startController(
    {
      ...CONTROLLER_DEFAULTS,
      name: 'test',
      database: { url: database.url },
      rootKey,
      api: { address: anywhere, corsEnabled: false, corsAllowedOrigins: [] },
      cluster: { address: anywhere },
      // Where the tests' Vault is.
      outgoingAllowedNetworks: ['127.0.0.0/8'],
      ...more,
    },
    { clock: systemClock, log },
  );
  const { port } = controller.apiAddress;
  const address = `http://127.0.0.1:${port}`;
  const api = new Api(address);
  await api.login(DEV.authMethod, 'admin', 'password');
  const grpc = grpcDoor(`127.0.0.1:${port}`, api.token);
  return {
    port,
    address,
    databaseUrl: database.url,
    cluster: { port: controller.clusterAddress.port, authorities: certificates },
    db,
    api,
    http: httpDoor(address, api.token),
    grpc,
    async stop() {
      grpc.close();
      await controller.close();
      await db.close();
      await database.drop();
    },
  };
}

/** A worker on the cluster port, so that sessions can be authorized; it serves no connection. */
export async function attachWorker({ api, cluster }: WholeController): Promise<TestWorker> {
  const made = await api.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global' });
  const key = newEd25519();
  const { certificate } = await enrollWith(cluster, made.controller_generated_activation_token as string, key);
  const worker = new TestWorker(cluster, { key, certificate });
  await worker.attach({ address: '10.0.0.1:9202' });
  return worker;
}
