/**
 * Very many connections, short and long, through real processes: what a worker and a controller
 * hold afterwards is what they held before, and the tables of the database say what has happened.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { startSessionProxy, type SessionProxy } from '../../cli/connect/listener/session-proxy';
import { createLogger } from '../../lib/log/log';
import { openDb, sql } from '../../services/controller/db/db';
import { startDeployment, type Deployment } from '../harness/deployment';
import { dial, echo, endpoint, readAll } from '../harness/endpoints';
import type { TestDatabase } from '../harness/postgres';
import { descendants } from '../harness/process';
import { waitFor } from '../harness/wait';

export interface StabilityOptions {
  /** Opened, used and closed one after the other, by all clients at once. */
  short: number;
  /** Open all the time, and used at the beginning and at the end. */
  long: number;
  /** Each with a session of its own. */
  clients: number;
  database: TestDatabase;
}

/** What a process holds. */
export interface Held {
  /** Bytes. */
  rss: number;
  /** Open file descriptors. */
  descriptors: number;
}

export type Moment = Record<'worker' | 'controller', Held>;

export interface StabilityReport {
  /**
   * Before any connection; with the long ones open, after each tenth of the short ones; after all
   * of them.
   */
  before: Moment;
  tenths: Moment[];
  after: Moment;
  seconds: number;
}

/**
 * Caches of the runtime and memory that it has not given back yet; growth beyond it after the first
 * tenths is a leak.
 */
const MAX_GROWTH_BYTES = 64 << 20;
const PAYLOAD = Buffer.alloc(1_000, 5);
const TENTHS = 10;

export async function stability(options: StabilityOptions): Promise<StabilityReport> {
  const { long: longCount, short, clients, database } = options;
  const deployment = await startDeployment({ database, logLevel: 'warn' });
  const server = await endpoint(echo);
  const proxies: SessionProxy[] = [];
  const began = Date.now();
  try {
    const target = await deployment.api.target(deployment.projectId, server.port, { session_connection_limit: -1 });
    for (let i = 0; i <= clients; i++) {
      const { authorization_token: token } = await deployment.api.authorize(target.id);
      proxies.push(await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 }));
    }
    const [forLong, ...forShort] = proxies.map(({ port }) => port) as [number, ...number[]];
    const before = held(deployment);
    const long: Socket[] = [];
    for (let i = 0; i < longCount; i++) long.push(await used(await dial(forLong)));
    const tenths: Moment[] = [];
    for (let done = 0, i = 1; i <= TENTHS; i++) {
      const until = Math.round((short * i) / TENTHS);
      await shortOnes(forShort, until - done);
      done = until;
      await recorded(database, { open: longCount, closed: done });
      tenths.push(held(deployment));
    }
    for (const socket of long) {
      socket.end(PAYLOAD);
      assert.equal((await readAll(socket)).length, PAYLOAD.length);
    }
    await recorded(database, { open: 0, closed: short + longCount });
    for (const proxy of proxies) await proxy.close();
    const after = await settled(deployment, before);
    await assertTables(database, options);
    const report = { before, tenths, after, seconds: Math.round((Date.now() - began) / 1_000) };
    assertFlat(report, options);
    return report;
  } finally {
    for (const proxy of proxies) await proxy.close();
    await server.close();
    await deployment.stop();
  }
}

async function used(socket: Socket): Promise<Socket> {
  socket.write(PAYLOAD);
  for (let left = PAYLOAD.length; left > 0;) {
    left -= await new Promise<number>((resolve) => socket.once('data', (chunk: Buffer) => resolve(chunk.length)));
  }
  socket.pause();
  return socket;
}

async function shortOnes(ports: number[], count: number): Promise<void> {
  let left = count;
  const client = async (port: number): Promise<void> => {
    while (left-- > 0) {
      const socket = await dial(port);
      socket.end(PAYLOAD);
      assert.equal((await readAll(socket)).length, PAYLOAD.length);
    }
  };
  await Promise.all(ports.map(client));
}

/** The program itself: what was started may be a launcher. */
function holder(pid: number): Held {
  const all = [pid, ...descendants(pid)].map((id) => ({
    rss: Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))![1]) * 1_024,
    descriptors: readdirSync(`/proc/${id}/fd`).length,
  }));
  return all.reduce((largest, one) => (one.rss > largest.rss ? one : largest));
}

const held = ({ worker, controller }: Deployment): Moment => ({
  worker: holder(worker.child.pid!),
  controller: holder(controller.child.pid!),
});

/** Sockets that are on their way out are given a while. */
async function settled(deployment: Deployment, before: Moment): Promise<Moment> {
  let now = held(deployment);
  await waitFor(
    'descriptors to be given back',
    () => {
      now = held(deployment);
      return now.worker.descriptors <= before.worker.descriptors + 16;
    },
    { timeoutMs: 60_000, status: () => JSON.stringify(now) },
  );
  return now;
}

async function ask<T extends object>(database: TestDatabase, statement: ReturnType<typeof sql<T>>): Promise<T> {
  const log = createLogger('test', { level: 'silent' });
  const db = openDb({ url: database.url, log, maxConnections: 1 });
  try {
    return (await statement.execute(db.executor)).rows[0]!;
  } finally {
    await db.close();
  }
}

/** Waits until exactly so many connections stand open and closed in the database. */
async function recorded(database: TestDatabase, wanted: { open: number; closed: number }): Promise<void> {
  let last = '';
  const counts = sql<{ open: number; closed: number }>`
    select (count(*) filter (where closed_time is null))::int as open, count(closed_time)::int as closed
    from session_connections`;
  const look = async (): Promise<boolean> => {
    last = JSON.stringify(await ask(database, counts));
    return last === JSON.stringify(wanted);
  };
  await waitFor(`${JSON.stringify(wanted)} on record`, look, { timeoutMs: 60_000, status: () => last });
}

async function assertTables(database: TestDatabase, { short, long, clients }: StabilityOptions): Promise<void> {
  const total = short + long;
  const connections = await ask(
    database,
    sql<object>`select count(*)::int as rows, count(distinct id)::int as ids, sum(bytes_up)::int as up, sum(bytes_down)::int as down,
      (count(*) filter (where bytes_final and not amended and closed_by = 'client' and cause = 'fin'))::int as ended
      from session_connections`,
  );
  const bytes = (short + 2 * long) * PAYLOAD.length;
  assert.deepEqual({ ...connections }, { rows: total, ids: total, up: bytes, down: bytes, ended: total });
  // The proxies have ended their sessions.
  const sessions = await ask(
    database,
    sql<object>`select count(*)::int as rows, sum(made)::int as made, sum(open)::int as open from sessions
      where status = 'terminated' and termination_reason = 'canceled'`,
  );
  assert.deepEqual({ ...sessions }, { rows: clients + 1, made: total, open: 0 });
}

function assertFlat({ before, tenths, after }: StabilityReport, { long }: StabilityOptions): void {
  const last = tenths.at(-1)!;
  for (const part of ['worker', 'controller'] as const) {
    // What is not a leak is reached early and kept: the largest of the first three tenths is the
    // measure.
    const early = Math.max(...tenths.slice(0, 3).map((tenth) => tenth[part].rss));
    const late = last[part].rss;
    assert.ok(late - early < MAX_GROWTH_BYTES, `RSS of the ${part} grew from ${early} to ${late}`);
  }
  // A connection has two sockets at the worker; a few may be on their way out.
  const open = last.worker.descriptors;
  assert.ok(open <= before.worker.descriptors + 2 * long + 64, `${open} descriptors of the worker`);
  const controller = [before, ...tenths, after].map((moment) => moment.controller.descriptors);
  assert.ok(Math.max(...controller) <= controller[0]! + 32, `descriptors of the controller: ${controller.join()}`);
}
