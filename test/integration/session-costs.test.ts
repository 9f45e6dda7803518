/**
 * What the data path costs, in counts that no load of the machine changes: buffers, writes, bytes
 * on the wire, round trips. Client and worker are real and share this process.
 */
import type { Socket } from 'node:net';
import { readCounts } from '../../lib/transport/reader';
import { slabCounts } from '../../lib/transport/slabs';
import { writeCounts } from '../../lib/transport/write-queue';
import { dial, endpoint } from '../harness/endpoints';
import { openMeteredLink } from '../harness/metered-link';
import { openProxy, withWorkers } from '../harness/session-pair';
import { cleanUp, cleanups } from '../harness/session-setup';
import { startSessionWorker } from '../harness/session-worker';
import { waitFor } from '../harness/wait';

afterEach(cleanUp);

const MIB = 1024 * 1024;
const BLOCK = Buffer.alloc(MIB, 7);

async function setUp(handle: (socket: Socket) => void) {
  const target = await endpoint(handle);
  cleanups.push(() => target.close());
  const worker = await startSessionWorker();
  cleanups.push(() => worker.close());
  const link = await openMeteredLink(worker.address.port);
  cleanups.push(() => link.close());
  const { token } = worker.session({ host: '127.0.0.1', port: target.port });
  const { proxy } = await openProxy(withWorkers(token, [{ host: '127.0.0.1', port: link.port }]));
  return { worker, link, proxy };
}

async function send(socket: Socket, mib: number): Promise<void> {
  for (let i = 0; i < mib; i++) {
    if (!socket.write(BLOCK)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.end();
}

const counts = () => ({ ...slabCounts, ...writeCounts, ...readCounts });

/** What moving so much costs, in the given direction. */
async function costs(direction: 'up' | 'down', mib: number) {
  let received = 0;
  const receive = (socket: Socket) => socket.on('data', (chunk: Buffer) => (received += chunk.length));
  const { link, proxy } = await setUp((socket) => {
    if (direction === 'up') receive(socket).on('end', () => socket.end());
    else void send(socket, mib);
  });
  const before = counts();
  const socket = await dial(proxy.port);
  if (direction === 'up') void send(socket.resume(), mib);
  else receive(socket).on('end', () => socket.end());
  await waitFor('all bytes', () => received === mib * MIB, { timeoutMs: 120_000 });
  const after = counts();
  const wire = direction === 'up' ? link.up : link.down;
  return {
    allocated: after.allocated - before.allocated,
    unpooled: after.unpooled - before.unpooled,
    copiedPerMib: (after.copied - before.copied) / mib,
    writesPerMib: (after.writes - before.writes) / mib,
    overheadPerMib: wire / mib - MIB,
  };
}

test.each(['up', 'down'] as const)('a GiB %s allocates no more buffers than a MiB', async (direction) => {
  const { allocated, unpooled } = await costs(direction, 256);
  // What is on the way at once; one for each read would be some 20,000.
  expect(allocated).toBeLessThanOrEqual(32);
  // What came with the last read of the handshake.
  expect(unpooled).toBeLessThanOrEqual(4);
});

test.each(['up', 'down'] as const)('writes and bytes on the wire for a MiB %s', async (direction) => {
  const { writesPerMib, overheadPerMib } = await costs(direction, 64);
  // 16 frames at the one who sends and 16 writes at the one who receives, if all reads are whole.
  expect(writesPerMib).toBeLessThan(96);
  // 64 TLS records of 22 bytes and 16 frame headers, the handshake, and reads that were not whole.
  expect(overheadPerMib).toBeLessThan(4_096);
});

test('the first byte takes one round trip of client and worker after TLS', async () => {
  const { worker, link, proxy } = await setUp((socket) => void socket.write('!'));
  // Hello and its answer are one; the second flight of the client must be enough for the worker.
  link.holdAfter(2);
  const socket = await dial(proxy.port);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  await waitFor('the authorization', () => worker.controller.authorized.length === 1);
  await waitFor('the greeting at the worker', () => worker.registry.connectionCount() === 1);
  expect(received).toBe('');
  expect(link.flights).toBe(2);
  link.release();
  await waitFor('the greeting', () => received === '!');
  expect(link.flights).toBe(2);
});
