import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { waitFor } from '../../../test/harness/wait';
import { startOps, type Ops } from '../../../lib/ops/ops-server';

let ops: Ops;
let registry: Registry;
const sockets: Socket[] = [];

async function start(text = 'ok', answerTimeoutMs?: number): Promise<void> {
  registry = new Registry();
  const sources = { ready: () => true, health: () => ({ text }), registry };
  ops = await startOps({ host: '127.0.0.1', port: 0 }, sources, answerTimeoutMs);
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await ops.close();
});

const refusals = async (reason: string): Promise<number> => {
  const metric = await registry.getSingleMetric('sallyport_ops_refused_connections_total')!.get();
  return metric.values.find((v) => v.labels.reason === reason)?.value ?? 0;
};

async function dial(localAddress: string): Promise<Socket> {
  const socket = connect({ port: ops.address.port, host: '127.0.0.1', localAddress });
  sockets.push(socket.on('error', () => {}));
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

const live = (localAddress: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: ops.address.port, path: '/livez', localAddress, agent: false as const };
    get(options, (response) => resolve(response.resume().statusCode!)).on('error', reject);
  });

test('idle connections of one address do not close the port to others or to itself', async () => {
  await start();
  const open = (): number => sockets.filter((socket) => !socket.destroyed).length;
  for (let i = 0; i < 70; i++) (await dial('127.0.0.1')).resume();
  await waitFor('its oldest to be closed', () => open() === 64);
  for (let i = 0; i < 256; i++) (await dial(`127.0.0.${3 + (i % 10)}`)).resume();
  await waitFor('room to be made', () => open() === 256);
  expect([await live('127.0.0.1'), await live('127.0.0.2')]).toEqual([200, 200]);
  expect(await refusals('gave way to others')).toBeGreaterThan(70);
});

const QUESTION = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';

test('answers that are not read are bounded', async () => {
  await start('x'.repeat(6_000_000));
  for (let i = 0; i < 2; i++) {
    const socket = await dial('127.0.0.1');
    socket.pause();
    socket.write(QUESTION.repeat(10));
  }
  // One answer fits into the share of an address, whatever it asks.
  await waitFor('a refusal', async () => (await seen()).includes(429));
  expect(await live('127.0.0.2')).toBe(200);
});

/** Statuses that further questions get. */
const seen = async (): Promise<number[]> => {
  const socket = await dial('127.0.0.1');
  socket.write(QUESTION);
  return new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve([Number(chunk.toString('latin1').slice(9, 12))]);
    });
    socket.once('close', () => resolve([]));
  });
};

test('an answer that is not read is cut', async () => {
  await start('x'.repeat(8_000_000), 100);
  const socket = await dial('127.0.0.1');
  socket.pause();
  socket.write(QUESTION);
  await waitFor('the cut', async () => (await refusals('answer not read')) === 1);
});
