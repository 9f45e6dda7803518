import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/clock/clock';
import { createLogger } from '../../lib/log/log';
import type { WorkerConfig } from './config';
import { startWorker, type RunningWorker } from './main';

const deps = { clock: systemClock, log: createLogger('worker', { level: 'silent' }) };
let directory: string;
let worker: RunningWorker | undefined;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'worker-'))));
afterEach(async () => {
  await worker?.close();
  worker = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const local = { host: '127.0.0.1', port: 0 };
const config = (change: Partial<WorkerConfig> = {}): WorkerConfig => ({
  proxy: local,
  ops: local,
  // Nothing listens there.
  initialUpstreams: [{ host: '127.0.0.1', port: 1 }],
  tags: {},
  authStoragePath: join(directory, 'auth'),
  ...change,
});

test('with a token that cannot enroll it says so, lives, and is not ready', async () => {
  worker = await startWorker(config({ activationToken: 'neslat_short' }), deps);
  await expect(worker.attached()).rejects.toThrow('is malformed');
  const at = `http://127.0.0.1:${worker.opsAddress!.port}`;
  expect((await fetch(`${at}/livez`)).status).toBe(200);
  expect((await fetch(`${at}/readyz`)).status).toBe(503);
  expect(await (await fetch(`${at}/health`)).json()).toMatchObject({
    attached: false,
    draining: false,
    connections: 0,
  });
  expect(await (await fetch(`${at}/metrics`)).text()).toContain('sallyport_worker_attached 0');
  await worker.drain(1_000);
  expect((await fetch(`${at}/health`)).status).toBe(503);
});

test('a busy port, and a storage path that is no directory, fail the start and leave nothing open', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const busy = { host: '127.0.0.1', port: (other.address() as AddressInfo).port };
  await expect(startWorker(config({ proxy: busy }), deps)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(startWorker(config({ ops: busy }), deps)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise((resolve) => other.close(resolve));
  writeFileSync(join(directory, 'file'), '');
  const path = join(directory, 'file');
  await expect(startWorker(config({ authStoragePath: path }), deps)).rejects.toMatchObject({ code: 'ENOTDIR', path });
});

test('a damaged identity is told with the remedy', async () => {
  worker = await startWorker(config(), deps);
  await worker.close();
  worker = undefined;
  writeFileSync(join(directory, 'auth', 'identity.json'), '{');
  await expect(startWorker(config(), deps)).rejects.toThrow('is damaged: remove it');
});
