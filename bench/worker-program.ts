/**
 * The control process of a worker with data processes, without a controller: it allows everything.
 * The data processes are those of `dist/data.cjs`, as a worker starts them.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../lib/clock/clock';
import { createLogger } from '../lib/log/log';
import { DataFleet } from '../services/worker/data/data-fleet';
import { processKey } from '../services/worker/data/process-key';
import { WORKER_LIMITS } from '../services/worker/limits';
import { ConnectionPlaces } from '../services/worker/proxy/connection-places';
import { createProxyMetrics } from '../services/worker/proxy/metrics';
import { SessionRegistry } from '../services/worker/sessions/registry';
import { descendants } from '../test/harness/process';
import { newGrant, tokenOf } from '../test/harness/session-worker';
import { serve, startProgram, type Program } from './harness/children';

interface Order {
  endpoint: { host: string; port: number };
  processes: number;
}

interface Ready {
  port: number;
  /** For the client. */
  token: string;
  /** Ids of the data processes. */
  dataPids: number[];
}

async function start({ endpoint, processes }: Order): Promise<Ready> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const log = createLogger('bench', { level: 'silent' });
  const sessions = new SessionRegistry(systemClock, () => Promise.resolve(undefined));
  let sequence = 0n;
  const limits = { ...WORKER_LIMITS.defaults(), connections_per_session: 20_000 };
  const fleet: DataFleet = new DataFleet(
    {
      processes,
      proxy: { host: '127.0.0.1', port: 0 },
      directory,
      limits,
      logOptions: { level: 'silent' },
      began: Date.now(),
    },
    {
      sessions,
      places: new ConnectionPlaces(limits),
      metrics: createProxyMetrics(new Registry()),
      clock: systemClock,
      log,
      key: processKey(directory),
      isDraining: () => false,
      upstream: {
        isAttached: true,
        authorizeConnection: () =>
          Promise.resolve({ refused: '', text: '', connectionsLeft: -1, expiresInMs: 3_600_000 }),
        endSession: () => Promise.resolve(''),
        passOn: () => {
          sequence++;
          queueMicrotask(() => fleet.safe(sequence));
          return sequence;
        },
        reportStats: () => undefined,
      },
    },
  );
  const address = await fleet.listen('bench');
  const grant = newGrant(endpoint);
  sessions.put(grant);
  return {
    port: address.port,
    token: tokenOf(grant, [address]),
    dataPids: descendants(process.pid).filter(isDataProcess),
  };
}

const isDataProcess = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('data.cjs');
  } catch {
    return false;
  }
};

/** A worker of so many data processes that dials one endpoint of this machine. */
export const startWorker = (endpoint: number, processes: number): Promise<Program<Ready>> =>
  startProgram<Ready>(__filename, { endpoint: { host: '127.0.0.1', port: endpoint }, processes } satisfies Order);

if (require.main === module) serve(start);
