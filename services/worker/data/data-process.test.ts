/** Data processes and control processes take only each other for what they are. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import { waitFor } from '../../../test/harness/wait';
import { ConnectionPlaces } from '../proxy/connection-places';
import { createProxyMetrics } from '../proxy/metrics';
import { SessionRegistry } from '../sessions/registry';
import { startDataProcess, type DataProcess } from './data-process';
import { dialProcess } from './launch';
import { processKey } from './process-key';
import { RemoteProcess } from './remote-process';

const log = createLogger('test', { level: 'silent' });
let directory: string;
let process: DataProcess;
let key: Buffer;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-data-'));
  chmodSync(directory, 0o700);
  key = processKey(directory);
  const own = { bootId: 'boot', began: 1, directory, name: 'one', key: key.toString('base64'), processes: 1 };
  process = await startDataProcess({ ...own, proxy: { host: '127.0.0.1', port: 0 } }, { clock: systemClock, log });
});
afterEach(async () => {
  (await takeUp())?.process?.tell({ $case: 'stop', value: {} });
  await process.over;
  rmSync(directory, { recursive: true });
});

/** Acts as a control process. */
async function takeUp(withKey = key) {
  const sessions = new SessionRegistry(systemClock, () => Promise.resolve(undefined));
  const socket = await dialProcess(directory, 'one');
  if (socket === undefined) return undefined;
  const taken = await RemoteProcess.takeUp(socket, {
    sessions,
    places: new ConnectionPlaces(),
    metrics: createProxyMetrics(new Registry()),
    clock: systemClock,
    log,
    key: withKey,
    isDraining: () => false,
    upstream: {
      isAttached: true,
      authorizeConnection: () => Promise.reject(new Error('not asked')),
      endSession: () => Promise.resolve(''),
      passOn: () => 1n,
      reportStats: () => undefined,
    },
  });
  return { taken, process: taken instanceof RemoteProcess ? taken : undefined };
}

test('the key and the directory are closed to others', () => {
  expect(statSync(join(directory, 'processes.key')).mode & 0o077).toBe(0);
  expect(processKey(directory)).toEqual(key);
});

test('without the key neither side takes the other for its own', async () => {
  expect((await takeUp(randomBytes(32)))?.process).toBeUndefined();
  const own = await takeUp();
  expect(own?.process?.bootId).toBe('boot');
  own!.process!.letGo();
  await own!.process!.gone;
});

test('a data process has one control process at a time', async () => {
  const first = (await takeUp())!.process!;
  expect((await takeUp())?.taken).toEqual({ takenBy: 'boot' });
  expect(first.isGone).toBe(false);
  first.letGo();
  await first.gone;
});

test('a process without connections ends when its control process is gone', async () => {
  const first = (await takeUp())!.process!;
  first.letGo();
  await process.over;
  await waitFor('its socket to be gone', async () => (await dialProcess(directory, 'one')) === undefined);
});
