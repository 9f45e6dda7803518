/** The controller's ops port: ready while the database answers and the process is not stopping. */
import type { Registry } from 'prom-client';
import { startOps, type Ops } from '../../../lib/ops/ops-server';
import type { ListenAddress, TlsMaterial } from '../config';
import { sql, type Db } from '../db/db';

interface OpsListenerOptions {
  address: ListenAddress;
  tls?: TlsMaterial | undefined;
  /** Absent: all. */
  allowedHosts?: readonly string[] | undefined;
  db: Db;
  registry: Registry;
  /** True once the controller shuts down. */
  stopping: () => boolean;
}

/** How long the database may take to answer a probe, ms. */
const PROBE_TIMEOUT_MS = 2_000;

/** Binds the ops port. Rejects with Node's error when the address is taken or not ours. */
export function startOpsListener({
  address,
  tls,
  allowedHosts,
  db,
  registry,
  stopping,
}: OpsListenerOptions): Promise<Ops> {
  let running: Promise<boolean> | undefined;
  // Probes that come while one is running share its answer.
  const ready = (): Promise<boolean> => (running ??= databaseAnswers(db).finally(() => (running = undefined)));
  return startOps({ ...address, tls, allowedHosts }, { ready, health: () => ({}), registry, stopping });
}

async function databaseAnswers(db: Db): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
  });
  const answered = sql`select 1`.execute(db.executor).then(
    () => true,
    () => false,
  );
  const ready = await Promise.race([answered, late]);
  clearTimeout(timer);
  return ready;
}
