/** What leaves together, what is counted, and when there is room again. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { waitFor } from '../harness/wait';
import { Slab, SLAB_BYTES, slabCounts } from '../../lib/transport/slabs';
import { HIGH_WATER_BYTES, WriteQueue, writeCounts } from '../../lib/transport/write-queue';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await waitFor('the slabs', () => slabCounts.held === 0);
});

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  server.close();
  for (const socket of [near, far]) sockets.push(socket.on('error', () => undefined));
  return [near, far];
}

test('bytes that lie side by side leave as one write, and each is counted as it was said', async () => {
  const [near, far] = await pair();
  const queue = new WriteQueue(near, () => undefined);
  const slab = Slab.take(SLAB_BYTES);
  slab.bytes.fill(7);
  const before = writeCounts.writes;
  for (let at = 0; at < 4_000; at += 100) queue.write(slab.bytes.subarray(at, at + 100), slab, 96);
  slab.release();
  let received = 0;
  far.on('data', (chunk: Buffer) => (received += chunk.length));
  await waitFor('the bytes', () => received === 4_000);
  expect(writeCounts.writes - before).toBe(1);
  await waitFor('the count', () => queue.taken === 40 * 96);
  expect(slabCounts.held).toBe(0);
});

test('a gap and another kind of bytes divide, and the order stays', async () => {
  const [near, far] = await pair();
  const queue = new WriteQueue(near, () => undefined);
  const slab = Slab.take(SLAB_BYTES);
  slab.bytes.write('one two');
  queue.write(slab.bytes.subarray(0, 3), slab);
  queue.write(slab.bytes.subarray(4, 7), slab);
  queue.send(Buffer.from('three'));
  queue.write(Buffer.from('four'));
  queue.end();
  slab.release();
  const chunks: Buffer[] = [];
  far.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(far, 'end');
  expect(Buffer.concat(chunks).toString()).toBe('onetwothreefour');
  expect(queue.taken).toBe('onetwofour'.length);
});

test('a full queue says so, and tells once when there is room', async () => {
  const [near, far] = await pair();
  let drained = 0;
  const queue = new WriteQueue(near, () => drained++);
  const block = Buffer.alloc(16 * 1024);
  far.pause();
  let sent = 0;
  // The kernel takes some MiB at first.
  const fill = (): boolean => {
    sent += block.length;
    return queue.write(block);
  };
  let looks = 0;
  while (looks < 50) {
    looks = fill() ? 0 : looks + 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (queue.length < HIGH_WATER_BYTES) looks = 0;
  }
  expect(queue.taken).toBeLessThan(sent);
  const told = drained;
  far.resume();
  await waitFor('room', () => queue.length === 0);
  expect(drained).toBe(told + 1);
  expect(queue.taken).toBe(sent);
});

test('what the kernel took right before the socket is destroyed counts', async () => {
  const [near] = await pair();
  const queue = new WriteQueue(near, () => undefined);
  queue.write(Buffer.from('last words'));
  queue.flush();
  expect(queue.taken).toBe(0);
  queue.seal();
  near.destroy();
  await once(near, 'close');
  expect(queue.taken).toBe('last words'.length);
});

test.each([
  ['sealed', true],
  ['unsealed', false],
])('what the kernel did not take of a destroyed socket does not count; %s', async (_, isSealed) => {
  const [near, far] = await pair();
  far.pause();
  const queue = new WriteQueue(near, () => undefined);
  for (let i = 0; i < 400; i++) {
    const slab = Slab.take(SLAB_BYTES);
    queue.write(slab.bytes, slab);
    slab.release();
  }
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = queue.length;
  expect(waiting).toBeGreaterThan(0);
  if (isSealed) queue.seal();
  near.destroy();
  await once(near, 'close');
  expect(queue.taken).toBe(400 * SLAB_BYTES - waiting);
  expect(slabCounts.held).toBe(0);
});

test.each(['reading', 'writing'])('of what a reset seen while %s cuts off nothing is counted', async (seen) => {
  const [near, far] = await pair();
  // Who has read enough for now does not hear of a reset by reading.
  if (seen === 'writing') {
    far.write(Buffer.alloc(1024 * 1024));
    await waitFor('a full buffer', () => near.readableLength >= near.readableHighWaterMark);
  }
  const queue = new WriteQueue(near, () => undefined);
  far.pause();
  const block = Buffer.alloc(64 * 1024);
  // The kernel takes some MiB, and then no more.
  for (let still = 0, taken = -1; still < 50; still = queue.taken === taken ? still + 1 : 0) {
    taken = queue.taken;
    if (queue.length < 8 * HIGH_WATER_BYTES) queue.write(block);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(queue.length).toBeGreaterThanOrEqual(8 * HIGH_WATER_BYTES);
  const { taken } = queue;
  const cut = once(
    near.once('error', () => queue.seal()),
    'close',
  ).catch(() => undefined);
  far.resetAndDestroy();
  await cut;
  await waitFor('the close', () => near.destroyed && near.closed);
  expect(queue.taken).toBe(taken);
});
