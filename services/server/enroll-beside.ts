/** A worker in the same file as its controller enrolls without an administrator's help. */
import { systemClock } from '../../lib/clock/clock';
import { createLogger } from '../../lib/log/log';
import type { ControllerConfig } from '../controller/config';
import { localWorkerToken, type LocalWorker } from '../controller/init/local-worker';
import { createKms } from '../controller/kms/kms';
import type { WorkerConfig } from '../worker/config';
import { withDb } from './preflight';

/** The worker's configuration with an activation token, unless it states one. */
export async function enrollBeside(
  controller: ControllerConfig,
  worker: WorkerConfig,
  as: LocalWorker = { name: `${controller.name}-worker`, description: worker.description ?? null },
): Promise<{ config: WorkerConfig }> {
  if (worker.activationToken !== undefined) return { config: worker };
  const log = createLogger('controller', { level: 'silent' });
  const activationToken = await withDb(controller.database.url, log, (db) =>
    localWorkerToken(db, createKms({ rootKey: controller.rootKey }), as, systemClock.now()),
  );
  return { config: { ...worker, activationToken } };
}
