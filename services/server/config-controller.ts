/** The `controller` block. */
import type { Fields, Problem } from '../../lib/config/fields';
import { formatAddress } from '../../lib/config/address';
import { CONTROLLER_DEFAULTS, type ControllerConfig } from '../controller/config';
import { CONTROLLER_LIMITS } from '../controller/limits';
import type { Keys } from './config-kms';
import { isNetwork } from '../controller/rpc/forwarded';
import { readRateLimits } from './config-rate-limits';
import { readLimitTable } from './config-limits';
import { DEFAULT_PORTS, type Listener, type Listeners, type Purpose } from './config-listeners';

/** Which parts the caller needs: `database` commands start no listeners and read no worker. */
export type ConfigUse = 'server' | 'database';

interface Surroundings {
  top: Fields;
  listeners: Listeners;
  keys: Keys;
  use: ConfigUse;
  ignored: string[];
  problems: Problem[];
}

const MAX_CONNECTIONS = 10_000;
const MAX_PAGE_SIZE = 100_000;
const MAX_HASH_WORKERS = 1_000;

export function readController(
  block: Fields,
  around: Surroundings,
): { config: ControllerConfig; migrationUrl: string | undefined } {
  if (around.keys.root === undefined && around.problems.every((p) => !p.path.startsWith('kms'))) {
    around.top.problem('kms', 'a block with purpose "root", type "aead" and a key');
  }
  const api = oneListener('api', around);
  const cluster = oneListener('cluster', around);
  const ops = around.listeners.ops[0];
  const { database, migrationUrl } = readDatabase(block, around.ignored);
  const publicAddress = block.address('public_cluster_addr', DEFAULT_PORTS.cluster);
  const config: ControllerConfig = {
    name: readName(block),
    description: block.text('description'),
    database,
    rootKey: around.keys.root ?? { id: '', key: Buffer.alloc(0) },
    recoveryKey: around.keys.recovery,
    api: {
      address: api.address,
      tls: api.tls,
      corsEnabled: api.corsEnabled,
      corsAllowedOrigins: api.corsAllowedOrigins,
      corsAllowedHeaders: api.corsAllowedHeaders,
      timeouts: api.timeouts,
      origins: api.origins,
      forwarding: api.forwarding,
    },
    cluster: { address: cluster.address, publicAddress: publicAddress && formatAddress(publicAddress) },
    ops: ops && { address: ops.address, tls: ops.tls, allowedHosts: ops.origins.allowedHosts },
    ...readLimits(block, api, around.top),
    apiRateLimits: readRateLimits(block),
    outgoingAllowedNetworks: readOutgoingNetworks(block),
    limits: readLimitTable(block, CONTROLLER_LIMITS),
  };
  around.ignored.push(
    ...block.ignore('worker_status_grace_period', 'liveness_time_to_stale', 'get_downstream_workers_timeout'),
    ...block.ignore('scheduler', 'license'),
  );
  block.end();
  return { config, migrationUrl };
}

function readName(block: Fields): string {
  const name = block.requiredText('name', 'a name for this controller, unique in the deployment');
  if (!/^[\x21-\x7e]*$/.test(name) || name !== name.toLowerCase()) {
    block.problem('name', 'lower-case printable characters without spaces');
  }
  return name;
}

function readDatabase(
  block: Fields,
  ignored: string[],
): { database: ControllerConfig['database']; migrationUrl: string | undefined } {
  const database = block.block('database');
  if (database === undefined) {
    block.problem('database', 'a block with the "url" of a PostgreSQL database');
    return { database: { url: '' }, migrationUrl: undefined };
  }
  const url = readUrl(database, 'url');
  const migrationUrl = database.has('migration_url') ? readUrl(database, 'migration_url') : undefined;
  const maxOpenConnections = database.integer('max_open_connections', 0, MAX_CONNECTIONS);
  ignored.push(...database.ignore('max_idle_connections', 'max_idle_time', 'skip_shared_lock_acquisition'));
  database.end();
  return { database: { url, maxOpenConnections }, migrationUrl };
}

function readUrl(database: Fields, key: string): string {
  const url = database.requiredText(key, 'a postgres:// address');
  if (url !== '' && !/^postgres(ql)?:\/\//.test(url)) database.problem(key, 'a postgres:// address');
  return url;
}

function readLimits(block: Fields, api: Listener, top: Fields) {
  const defaults = CONTROLLER_DEFAULTS;
  const maxRequestDurationMs = top.duration('default_max_request_duration') ?? defaults.maxRequestDurationMs;
  return {
    authTokenTimeToLiveMs: block.duration('auth_token_time_to_live') ?? defaults.authTokenTimeToLiveMs,
    authTokenTimeToStaleMs: block.duration('auth_token_time_to_stale') ?? defaults.authTokenTimeToStaleMs,
    maxPageSize: block.integer('max_page_size', 1, MAX_PAGE_SIZE) ?? defaults.maxPageSize,
    concurrentPasswordHashWorkers:
      block.integer('concurrent_password_hash_workers', 1, MAX_HASH_WORKERS) ?? defaults.concurrentPasswordHashWorkers,
    maxRequestDurationMs: api.maxRequestDurationMs ?? maxRequestDurationMs,
    maxRequestBytes: api.maxRequestBytes ?? defaults.maxRequestBytes,
    gracefulShutdownWaitMs: block.duration('graceful_shutdown_wait_duration') ?? defaults.gracefulShutdownWaitMs,
  };
}

function readOutgoingNetworks(block: Fields): string[] {
  const networks = block.texts('outgoing_allowed_networks') ?? [];
  if (networks.every(isNetwork)) return networks;
  block.problem('outgoing_allowed_networks', 'a list of addresses and networks such as "127.0.0.0/8"');
  return [];
}

function oneListener(purpose: Purpose, around: Surroundings): Listener {
  const [first, second] = around.listeners[purpose];
  second?.block.problem('purpose', `"${purpose}" only once in a file`);
  if (first !== undefined) return first;
  if (around.use === 'server') around.top.problem('listener', `a block with purpose "${purpose}"`);
  const address = { host: '127.0.0.1', port: DEFAULT_PORTS[purpose] };
  return {
    block: around.top,
    address,
    corsEnabled: true,
    corsAllowedOrigins: ['*'],
    corsAllowedHeaders: [],
    origins: {},
    timeouts: {},
  };
}
