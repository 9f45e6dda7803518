/**
 * Real processes whose clocks are minutes apart. The first controller, PostgreSQL and this process
 * have the true time; two more controllers, a worker at each of them and the clients do not.
 */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../lib/log/log';
import { pemFromDer } from '../../lib/tls/keys';
import { openDb, rows, sql, type Db } from '../../services/controller/db/db';
import { createKms } from '../../services/controller/kms/kms';
import { issueWorkerCertificate, loadAuthority } from '../../services/controller/workers/authority';
import { loadIdentity, saveIdentity, validity } from '../../services/worker/control/identity';
import { Api } from '../harness/api';
import { startDeployment, type Deployment, type Part } from '../harness/deployment';
import { freePorts } from '../harness/process';
import { waitFor } from '../harness/wait';

export const SKEW_SECONDS = 300;
/** Certificates live for 24 h and are renewed at half of that. */
const PAST_HALF_MS = 13 * 3_600_000;

/**
 * Environment of a process whose clock is off; its timers, as those of any, go by the monotonic
 * clock, which is true.
 */
export function clockOff(seconds: number): Record<string, string> {
  const library = execFileSync('faketime', ['-f', '+0s', 'printenv', 'LD_PRELOAD']).toString().trim();
  const offset = `${seconds < 0 ? '' : '+'}${seconds}s`;
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
}

/**
 * A controller, and a worker that knows no other one. Their clocks are off in opposite directions.
 */
export interface Side {
  name: string;
  /** Of the controller; the worker and the clients of this side have the opposite. */
  seconds: number;
  controller: Part;
  worker: Part;
  api: Api;
  clientEnv: Record<string, string>;
}

export interface SkewedWorld {
  deployment: Deployment;
  db: Db;
  sides: Side[];
  /** Which controllers and streams are on record, and since when. */
  record(): Promise<unknown[]>;
  /**
   * Gives the worker of the side a certificate whose half is over, and starts it again; resolves
   * when it has a new one.
   */
  renewCertificate(side: Side): Promise<{ from: number; to: number }>;
  stop(): Promise<void>;
}

export async function startSkewedWorld(): Promise<SkewedWorld> {
  const deployment = await startDeployment();
  try {
    const config = JSON.parse(readFileSync(join(deployment.home, 'controller.json'), 'utf8'));
    const log = createLogger('test', { level: 'silent' });
    const db = openDb({ url: config.controller.database.url, log, maxConnections: 2 });
    const sides = await Promise.all([startSide(deployment, SKEW_SECONDS), startSide(deployment, -SKEW_SECONDS)]);
    const stop = async (): Promise<void> => {
      await db.close();
      await deployment.stop();
    };
    const key = Buffer.from(config.kms[0].key, 'base64');
    const kms = createKms({ rootKey: { id: config.kms[0].key_id, key } });
    return {
      ...{ deployment, db, sides, stop },
      record: () => record(db),
      async renewCertificate(side) {
        const authority = await loadAuthority(db.executor, kms);
        await side.worker.live.stop();
        const directory = join(deployment.home, `worker${side.name}`);
        const identity = loadIdentity(directory)!;
        const publicKey = createPublicKey(createPrivateKey(identity.privateKey)).export({
          type: 'spki',
          format: 'der',
        });
        const then = new Date(Date.now() - PAST_HALF_MS);
        const certificate = pemFromDer(await issueWorkerCertificate(authority, identity.workerId, publicKey, then));
        saveIdentity(directory, { ...identity, certificate });
        await side.worker.start();
        const renewed = await waitFor('another certificate', () => {
          const now = loadIdentity(directory)!;
          return now.certificate === certificate ? undefined : now;
        });
        return validity(renewed);
      },
    };
  } catch (error) {
    await deployment.stop();
    throw error;
  }
}

async function startSide(deployment: Deployment, seconds: number): Promise<Side> {
  const name = seconds < 0 ? 'behind' : 'ahead';
  const [api, cluster, ops, proxy, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const controller = await deployment.addController(`controller${name}`, { api, cluster, ops }, clockOff(seconds));
  await controller.start();
  const block = { initial_upstreams: [`127.0.0.1:${cluster}`], drain_timeout: '0s' };
  const worker = await deployment.addWorker(`worker${name}`, { proxy, ops: workerOps }, block, clockOff(-seconds));
  await worker.start();
  const clientEnv = { ...clockOff(-seconds), SALLYPORT_ADDR: `http://127.0.0.1:${api}` };
  return { name, seconds, controller, worker, api: new Api(clientEnv.SALLYPORT_ADDR), clientEnv };
}

const record = (db: Db): Promise<unknown[]> =>
  rows(
    db.executor,
    sql`select k.name, k.started_time, w.name as worker, a.attachment_id
        from controllers k left join worker_attachments a on a.controller_id = k.id left join workers w on w.id = a.worker_id
        order by 1, 3`,
  );
