/**
 * Transfers that stall: half of the endpoints never read what clients send, half of the clients
 * never read what endpoints send. What the worker holds for each is bounded, however much the
 * senders have.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { startSessionProxy } from '../../cli/connect/listener/session-proxy';
import { dial, endpoint, readAll } from '../harness/endpoints';
import { waitFor } from '../harness/wait';
import { WorkerChild, type WorkerState } from '../harness/worker-child';

const MIB = 1 << 20;
const BLOCK = Buffer.alloc(64 * 1024, 7);
/** What every sender would send if it could. */
export const TRANSFER_BYTES = 1024 * MIB;
/**
 * Of a stalled transfer in the worker: 64 KiB each way, TLS and stream objects, and one read that
 * was under way.
 */
const MAX_BYTES_EACH = 384 * 1024;
/** For the process as such. */
const MAX_BASE_BYTES = 64 * MIB;

/** Writes up to 1 GB as fast as the socket takes it; back-pressure is what stops it. */
function sendAll(socket: Socket): void {
  let left = TRANSFER_BYTES;
  const more = (): void => {
    while (left > 0 && !socket.destroyed && socket.write(BLOCK)) left -= BLOCK.length;
  };
  socket.on('drain', more);
  more();
}

export interface Stalled {
  transfers: number;
  before: WorkerState;
  after: WorkerState;
}

export const grownBy = ({ before, after }: Stalled, what: 'rss' | 'external'): number => after[what] - before[what];

export async function stallTransfers(count: number): Promise<Stalled> {
  const worker = await WorkerChild.start();
  const senders = await endpoint((socket) => sendAll(socket));
  const deaf = await endpoint((socket) => void socket.pause());
  const sockets: Socket[] = [];
  try {
    const proxies = await Promise.all([senders.port, deaf.port].map((port) => proxyTo(worker, port)));
    // One connection of each kind first: what a first connection costs is no growth.
    for (const [i, { port }] of proxies.entries()) {
      const first = await dial(port);
      await waitFor('the first one to be open', async () => (await worker.state()).connections === 1);
      first.resetAndDestroy();
      await waitFor('the first ones to close', async () => (await worker.state()).closed === i + 1);
    }
    const before = await worker.state();
    for (let i = 0; i < count; i++) {
      const isDown = i % 2 === 0;
      const socket = (await dial(proxies[isDown ? 0 : 1]!.port)).pause();
      sockets.push(socket);
      if (!isDown) sendAll(socket);
    }
    await waitFor('all to be open', async () => (await worker.state()).connections === count, { timeoutMs: 300_000 });
    const after = await standstill(worker);
    await worker.cut();
    await waitFor('all to be closed', async () => (await worker.state()).closed === count + 2, { timeoutMs: 120_000 });
    for (const { close } of proxies) await close();
    return { transfers: count, before, after };
  } finally {
    for (const socket of sockets) socket.resetAndDestroy();
    await Promise.all([senders.close(), deaf.close()]);
    await worker.stop();
  }
}

/** Throws when the worker holds more than its share for each. */
export function assertBounded(stalled: Stalled): void {
  for (const what of ['rss', 'external'] as const) {
    const grown = grownBy(stalled, what);
    const limit = MAX_BASE_BYTES + stalled.transfers * MAX_BYTES_EACH;
    assert.ok(grown < limit, `${what} grew by ${grown} bytes for ${stalled.transfers} transfers; limit ${limit}`);
  }
}

/** The state once nothing has moved for a while: the CPU time of the worker stands still. */
async function standstill(worker: WorkerChild): Promise<WorkerState> {
  const { readFileSync } = await import('node:fs');
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${worker.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  let [last, calm] = [ticks(), 0];
  await waitFor(
    'the transfers to stand still',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const now = ticks();
      calm = now - last <= 1 ? calm + 1 : 0;
      last = now;
      return calm >= 3;
    },
    { timeoutMs: 240_000 },
  );
  return worker.state();
}

async function proxyTo(worker: WorkerChild, port: number) {
  const { token } = await worker.session(port);
  return startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
}

/**
 * The sender ends while the receiver does not read yet; then it reads all. Answers what arrived of
 * `total`.
 */
export async function endsBeforeRead(direction: 'up' | 'down', total: number): Promise<number> {
  const worker = await WorkerChild.start();
  const bytes = Buffer.alloc(total, 3);
  const accepted: Socket[] = [];
  const server = await endpoint((socket) => {
    accepted.push(socket);
    if (direction === 'down') socket.end(bytes);
    else socket.pause();
  });
  try {
    const proxy = await proxyTo(worker, server.port);
    const socket = (await dial(proxy.port)).pause();
    if (direction === 'up') socket.end(bytes);
    const reader = direction === 'up' ? await waitFor('the endpoint', () => accepted[0]) : socket;
    const writer = direction === 'up' ? socket : await waitFor('the endpoint', () => accepted[0]);
    if (!writer.writableFinished && total <= MIB) await once(writer, 'finish');
    const got = await readAll(reader);
    reader.end();
    writer.resume().end();
    await waitFor('the close', async () => (await worker.state()).causes['fin'] === 1);
    const state = await worker.state();
    assert.equal(direction === 'up' ? state.bytesUp : state.bytesDown, total, 'bytes on record');
    await proxy.close();
    return got.equals(bytes) ? got.length : -1;
  } finally {
    await server.close();
    await worker.stop();
  }
}
