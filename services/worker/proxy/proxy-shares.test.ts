import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { waitFor } from '../../../test/harness/wait';
import { createProxyMetrics } from './metrics';
import { ProxyServer } from './proxy-server';

test('the address with the most handshakes makes room', async () => {
  const proxy = new ProxyServer({
    ...{ host: '127.0.0.1', port: 0, protocols: new Map(), findSession: () => Promise.resolve(undefined) },
    ...{ clock: systemClock, log: createLogger('test', { level: 'silent' }) },
    ...{ metrics: createProxyMetrics(new Registry()), maxUnfinished: 4 },
  });
  const { port } = await proxy.listen();
  const dial = async (localAddress: string): Promise<Socket> => {
    const before = proxy.socketCount;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {}).resume();
    await waitFor('the socket', () => proxy.socketCount > before || proxy.unfinishedCount === 4);
    return socket;
  };
  const flood: Socket[] = [];
  for (let i = 0; i < 4; i++) flood.push(await dial('127.0.0.1'));
  const others = [await dial('127.0.0.2'), await dial('127.0.0.3')];
  await waitFor('the oldest to be closed', () => flood[0]!.destroyed && flood[1]!.destroyed);
  expect([...flood.slice(2), ...others].map((socket) => socket.destroyed)).toEqual([false, false, false, false]);
  expect(proxy.unfinishedCount).toBe(4);
  for (const socket of [...flood, ...others]) socket.destroy();
  await proxy.close();
});
