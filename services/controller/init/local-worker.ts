/**
 * The worker that runs beside a controller: it enrolls with a one-time token like every other one,
 * only that the token comes from here instead of an administrator.
 */
import { newId } from '../../../lib/ids/ids';
import { changed, sql, transaction, type Db } from '../db/db';
import type { Kms } from '../kms/kms';
import { loadAuthority } from '../workers/authority';
import { createActivationToken } from '../workers/enrollment';
import { WORKER_PREFIX } from '../workers/workers';
import { insertWorkerRow } from '../workers/workers.store';
import { lockWorkerNamed } from './init.store';

export interface LocalWorker {
  name: string;
  description: string | null;
}

/**
 * Makes the worker unless there is one of this name, and a token that lets one process enroll as
 * it.
 */
export async function localWorkerToken(db: Db, kms: Kms, worker: LocalWorker, now: Date): Promise<string> {
  const authority = await loadAuthority(db.executor, kms);
  return transaction(db, now, async (tx) => {
    const existing = await lockWorkerNamed(tx, worker.name);
    const id = existing?.id ?? newId(WORKER_PREFIX);
    if (existing === undefined) await insertWorkerRow(tx, { ...worker, id, configManaged: true, now });
    // An earlier process may have ended before it used its token.
    await changed(tx, sql`delete from worker_activation_tokens where worker_id = ${id}`);
    return createActivationToken(tx, kms, authority, id, now);
  });
}
