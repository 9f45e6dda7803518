import { get } from 'node:http';
import { connect } from 'node:net';
import { Counter, Registry } from 'prom-client';
import type { Ops } from '../../../lib/ops/ops-server';
import { createLogger } from '../../../lib/log/log';
import { createEmptyDatabase, type TestDatabase } from '../../../test/harness/postgres';
import { openDb, type Db } from '../db/db';
import { startOpsListener } from './ops-listener';

const log = createLogger('test', { level: 'silent' });
let database: TestDatabase;
let db: Db;
let ops: Ops;
let stopping: boolean;

beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  stopping = false;
  db = openDb({ url: database.url, log });
  const registry = new Registry();
  new Counter({ name: 'sallyport_test_total', help: 'h', registers: [registry] }).inc();
  const address = { host: '127.0.0.1', port: 0 };
  ops = await startOpsListener({ address, db, registry, stopping: () => stopping });
});
afterEach(async () => {
  await ops.close();
  await db.close();
});

const read = (
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string | undefined; text: string }> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: ops.address.port, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, type: response.headers['content-type'], text }));
    }).on('error', reject);
  });

test('a controller with a database is alive, ready and healthy', async () => {
  expect((await read('/livez')).status).toBe(200);
  expect((await read('/readyz')).status).toBe(200);
  expect(await read('/health')).toEqual({ status: 200, type: 'application/json', text: '{}' });
  expect((await read('/metrics')).text).toContain('sallyport_test_total 1');
  for (const path of ['/nope', '//', '/%', '/livez/']) expect((await read(path)).status).toBe(404);
});

test('one that stops is neither ready nor healthy, but alive', async () => {
  stopping = true;
  expect((await read('/livez')).status).toBe(200);
  expect((await read('/readyz')).status).toBe(503);
  expect((await read('/health')).status).toBe(503);
});

test('one without its database is not ready', async () => {
  const lost = openDb({ url: 'postgres://127.0.0.1:1/none', log });
  const address = { host: '127.0.0.1', port: 0 };
  const good = ops;
  ops = await startOpsListener({ address, db: lost, registry: new Registry(), stopping: () => false });
  try {
    expect((await read('/readyz')).status).toBe(503);
    expect((await read('/health')).status).toBe(200);
  } finally {
    await ops.close();
    await lost.close();
    ops = good;
  }
});

test('a port with names answers under these and loopback ones only', async () => {
  const address = { host: '127.0.0.1', port: 0 };
  const registry = new Registry();
  const open = ops;
  expect((await read('/metrics', { host: 'evil.example' })).status).toBe(200);
  ops = await startOpsListener({ address, allowedHosts: ['ops.example'], db, registry, stopping: () => stopping });
  try {
    for (const path of ['/livez', '/readyz', '/health', '/metrics', '/nowhere']) {
      expect([path, (await read(path, { host: 'evil.example:9203' })).status]).toEqual([path, 403]);
    }
    expect((await read('/livez')).status).toBe(200);
    expect((await read('/livez', { host: 'OPS.example:9203' })).status).toBe(200);
  } finally {
    await ops.close();
    ops = open;
  }
});

test('10 MB of garbage are refused', async () => {
  const socket = connect(ops.address.port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  const block = Buffer.alloc(1_000_000, 0x80);
  for (let i = 0; i < 10 && !socket.destroyed; i++) socket.write(block);
  await closed;
  expect((await read('/livez')).status).toBe(200);
});
