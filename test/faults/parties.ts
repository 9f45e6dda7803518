/**
 * Faults of the worker and of clients: who notices, what is lost, and what the records say
 * afterwards.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../harness/deployment';
import { waitFor } from '../harness/wait';
import type { Verdict } from './outages';
import type { World } from './world';

/** Three pings, 30 s apart, that stay without an answer. */
const LOST_MS = 200_000;

export interface Row {
  name: string;
  /** Takes minutes by its nature. */
  isSlow?: boolean;
  run(world: World, outageMs: number): Promise<Verdict>;
}

/**
 * Its connections drop; the same session goes on through another worker; its return tells the
 * truth.
 */
async function workerKilled(world: World, outageMs: number): Promise<Verdict> {
  return world.besideAnother(async (another) => {
    const session = await world.openSession();
    const transfer = await session.transfer();
    await sleep(outageMs);
    const isFirst = (await world.workerHealth()).connections > 0;
    await (isFirst ? world.deployment.worker : another.live).stop('SIGKILL');
    await transfer.lost;
    const tried = await session.attempt();
    assert.equal(tried, 'connected', 'the other worker of the list takes over');
    await (isFirst ? world.deployment.startWorker() : another.start());
    const lost = await world.eventually('the lost connection to be closed', async () => {
      const { connections } = await world.deployment.api.session(session.sessionId);
      return connections.find((row: any) => row.cause === 'worker lost');
    });
    assert.deepEqual([lost.closed_by, lost.closed_reason], ['worker', 'system error']);
    const part = Math.round((Number(lost.bytes_up) / transfer.moved()) * 100);
    await session.close();
    return {
      connections: 'lost',
      bytes: '-',
      note: `next connection through the other worker; row has the last report: ${part} % of the bytes`,
    };
  });
}

/** Live connections go on to the deadline; those still there are cut, with exact bytes. */
async function workerDrained(world: World): Promise<Verdict> {
  const session = await world.openSession();
  const [ends, stays] = [await session.transfer(), await session.transfer()];
  const before = ends.moved();
  world.deployment.worker.child.kill('SIGTERM');
  await waitFor('draining', async () => (await world.workerHealth()).draining);
  const refused = await session.attempt();
  assert.notEqual(refused, 'connected');
  await world.eventually('the API to show it', async () => {
    const { items } = await world.deployment.api.ok('GET', '/v1/workers?scope_id=global');
    return items.some((worker: any) => worker.draining === true);
  });
  await waitFor('bytes to move while it drains', () => ends.moved() > before);
  const whole = await ends.finish();
  await stays.lost;
  assert.equal((await world.deployment.worker.finished).code, 0);
  await world.deployment.startWorker();
  const cut = await world.eventually('the rows to be closed', async () => {
    const { connections } = await world.deployment.api.session(session.sessionId);
    return connections.find((row: any) => row.cause === 'worker drain');
  });
  assert.ok(whole.isRight);
  const { connections } = await world.deployment.api.session(session.sessionId);
  assert.ok(connections.some((row: any) => row.bytes_up === String(whole.up) && row.bytes_down === String(whole.down)));
  assert.deepEqual([cut.closed_by, cut.closed_reason], ['worker', 'system error']);
  await session.close();
  return { connections: 'survived', bytes: 'right', note: `to the deadline; new connection meanwhile: ${refused}` };
}

/**
 * Closed while no controller was there, then the worker is killed: the spool on its disk brings the
 * exact close.
 */
async function closesOnDisk(world: World, outageMs: number): Promise<Verdict> {
  const session = await world.openSession();
  const brief = [await session.transfer(), await session.transfer(), await session.transfer()];
  await world.killControllers();
  const ended = await Promise.all(brief.map((transfer) => transfer.finish()));
  await waitFor('the closes', async () => (await world.workerHealth()).unacknowledged_closes === brief.length);
  // The spool is written 50 ms after a close.
  await sleep(Math.max(outageMs, 300));
  await world.deployment.worker.stop('SIGKILL');
  await world.startControllers();
  await world.deployment.startWorker();
  assert.ok(ended.every(({ isRight }) => isRight));
  await session.recorded(ended);
  await waitFor('the acknowledgement', async () => (await world.workerHealth()).unacknowledged_closes === 0);
  await session.close();
  return { connections: 'none', bytes: 'right', note: 'three closes, each on record once' };
}

/** A client process with a transfer, and what its row says in the end. */
async function clientProcess(world: World, hurt: 'SIGKILL' | 'SIGSTOP'): Promise<{ row: any; moved: number }> {
  const session = await world.openSession();
  const { live, port } = await connect(world.deployment, session.token);
  const transfer = await world.endpoint.start(port);
  await waitFor('bytes', () => transfer.moved() > 1 << 20);
  live.child.kill(hurt);
  const closed = async (): Promise<any> => {
    const { connections } = await world.deployment.api.session(session.sessionId);
    return connections.find((row: any) => row.closed_reason !== undefined);
  };
  const row = await world.eventually('the connection to be closed', closed, LOST_MS);
  await waitFor('the endpoint to be left', () => world.endpoint.sockets.size === 0);
  await live.stop('SIGKILL');
  await session.close();
  return { row, moved: transfer.moved() };
}

async function clientKilled(world: World): Promise<Verdict> {
  const { row } = await clientProcess(world, 'SIGKILL');
  assert.equal(row.closed_by, 'client');
  return { connections: 'lost', bytes: '-', note: `closed by client, cause ${row.cause}` };
}

async function clientFrozen(world: World): Promise<Verdict> {
  const { row } = await clientProcess(world, 'SIGSTOP');
  assert.deepEqual([row.closed_by, row.cause, row.closed_reason], ['client', 'client lost', 'network error']);
  return { connections: 'lost', bytes: '-', note: 'found by keepalive: client lost' };
}

export const PARTIES: Row[] = [
  { name: 'worker killed, another one there', run: workerKilled },
  { name: 'worker drained (SIGTERM)', run: workerDrained },
  { name: 'controllers away, then the worker killed', run: closesOnDisk },
  { name: 'client killed', run: clientKilled },
  { name: 'client frozen (SIGSTOP)', isSlow: true, run: clientFrozen },
];
