/** Very many connections, short and long, through one worker: what it holds afterwards is what it held before. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { startSessionProxy } from '../../cli/proxy/session-proxy';
import { dial, echo, endpoint, readAll } from '../harness/endpoints';
import { waitFor } from '../harness/wait';
import { WorkerChild, type WorkerState } from '../harness/worker-child';

export interface StabilityOptions {
  /** Opened, used and closed one after the other, by several clients at once. */
  short: number;
  /** Open all the time, and used at the beginning and at the end. */
  long: number;
  clients: number;
}

export interface StabilityReport {
  /** With the long connections open, after the first tenth of the short ones, and after the last. */
  early: WorkerState;
  late: WorkerState;
  /** Before any connection, and after all of them. */
  before: WorkerState;
  after: WorkerState;
  seconds: number;
}

/** Objects that live for a while, caches of the runtime: growth beyond it between early and late would be a leak. */
const MAX_GROWTH_BYTES = 48 << 20;
const PAYLOAD = Buffer.alloc(1_000, 5);

export async function stability(options: StabilityOptions): Promise<StabilityReport> {
  const worker = await WorkerChild.start();
  const server = await endpoint(echo);
  const began = Date.now();
  try {
    const { token } = await worker.session(server.port);
    const proxy = await startSessionProxy({ token, listenAddress: '127.0.0.1', listenPort: 0 });
    const before = await worker.state();
    const long: Socket[] = [];
    for (let i = 0; i < options.long; i++) long.push(await used(await dial(proxy.port)));
    const tenth = Math.ceil(options.short / 10);
    await shortOnes(proxy.port, tenth, options.clients);
    const early = await settled(worker, options.long);
    await shortOnes(proxy.port, options.short - tenth, options.clients);
    const late = await settled(worker, options.long);
    for (const socket of long) {
      socket.end(PAYLOAD);
      assert.equal((await readAll(socket)).length, PAYLOAD.length);
    }
    const after = await settled(worker, 0);
    await proxy.close();
    const report = { before, early, late, after, seconds: Math.round((Date.now() - began) / 1_000) };
    assertStable(report, options);
    return report;
  } finally {
    await server.close();
    await worker.stop();
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

async function shortOnes(port: number, count: number, clients: number): Promise<void> {
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = await dial(port);
      socket.end(PAYLOAD);
      assert.equal((await readAll(socket)).length, PAYLOAD.length);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** The state when only `open` connections are left and their sockets are gone. */
async function settled(worker: WorkerChild, open: number): Promise<WorkerState> {
  let state = await worker.state();
  await waitFor(
    `${open} open connections`,
    async () => {
      state = await worker.state();
      return state.connections === open && state.authorized === state.closed + open;
    },
    { timeoutMs: 60_000, status: () => JSON.stringify({ ...state, metrics: '' }) },
  );
  return state;
}

function assertStable({ before, early, late, after }: StabilityReport, { short, long }: StabilityOptions): void {
  const total = short + long;
  assert.equal(after.authorized, total);
  assert.equal(after.closed, total);
  assert.equal(JSON.stringify(after.causes), JSON.stringify({ fin: total }));
  const bytes = (short + 2 * long) * PAYLOAD.length;
  assert.deepEqual([after.bytesUp, after.bytesDown], [bytes, bytes]);
  assert.ok(late.rss - early.rss < MAX_GROWTH_BYTES, `RSS grew from ${early.rss} to ${late.rss}`);
  // A connection has two sockets at the worker; a few may be on their way out.
  assert.ok(late.descriptors <= before.descriptors + 2 * long + 16, `${late.descriptors} descriptors`);
  assert.ok(after.descriptors <= before.descriptors + 16, `${after.descriptors} descriptors left`);
  assert.ok(after.handles <= before.handles + 32, `${after.handles} handles left of ${before.handles}`);
}
