/** What the commands about plugins and recordings send. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCannedServer, type CannedServer } from '../testing/canned-server';
import { runCli } from '../testing/run';

let server: CannedServer;
let directory: string;

beforeAll(async () => {
  server = await startCannedServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.reset();
  directory = mkdtempSync(join(tmpdir(), 'sallyport-plugin-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const run = (...argv: string[]) =>
  runCli([...argv], { env: { SALLYPORT_ADDR: server.address, SALLYPORT_KEYRING_TYPE: 'none', KEY: 'k1' } });

const sent = () => server.seen.at(-1)!.request;

test('a plugin catalog: plugin, attributes and secrets, references followed', async () => {
  const flags = ['-attr', 'region=eu', '-attr', 'dry=true', '-num-attr', 'n=1', '-secret', 'id=env://KEY'];
  const where = ['-scope-id', 'p_1', '-plugin-name', 'aws', '-worker-filter', '"a" in "/tags/b"'];
  expect((await run('host-catalogs', 'create', 'plugin', ...where, ...flags)).exit).toBe(0);
  expect(sent()).toMatchObject({
    item: {
      scope_id: 'p_1',
      type: 'plugin',
      worker_filter: '"a" in "/tags/b"',
      attributes: { region: 'eu', dry: true, n: 1 },
      secrets: { id: 'k1' },
    },
  });
});

test('an update names each attribute; null resets all of them, null for one clears it', async () => {
  const update = (...flags: string[]) =>
    run('host-catalogs', 'update', 'plugin', '-id', 'hcplg_1', '-version', '2', ...flags);
  await update('-attr', 'region=us', '-attr', 'zone', '-secrets', 'null');
  expect(sent().update_mask.sort()).toEqual(['attributes.region', 'attributes.zone', 'secrets']);
  expect(sent().item.attributes).toEqual({ region: 'us', zone: null });
  const both = await update('-attributes', '{}', '-attr', 'a=b');
  expect([both.exit, both.stderr]).toEqual([3, expect.stringMatching(/-attributes.*-attr/)]);
});

test('the generic update finds the kind', async () => {
  await run('update', 'hsplg_1', '-version', '1', '-sync-interval', '10m', '-preferred-endpoint', 'cidr:10.0.0.0/8');
  expect(sent()).toMatchObject({
    id: 'hsplg_1',
    item: { sync_interval_seconds: 600, preferred_endpoints: ['cidr:10.0.0.0/8'] },
  });
  await run('update', 'hsplg_1', '-version', '1', '-sync-interval', '-30s', '-preferred-endpoint', 'null');
  expect([sent().item.sync_interval_seconds, sent().update_mask.sort()]).toEqual([
    -1,
    ['preferred_endpoints', 'sync_interval_seconds'],
  ]);
});

test.each([
  [['-preferred-endpoint', '10.0.0.0/8'], 'cidr:10.0.0.0/8'],
  [['-sync-interval', 'often'], 'often'],
])('a plugin set with %j: status 3, nothing sent', async (flags, text) => {
  const { exit, stderr } = await run('host-sets', 'create', 'plugin', '-host-catalog-id', 'hcplg_1', ...flags);
  expect([exit, stderr, server.seen]).toEqual([3, expect.stringContaining(text), []]);
});

test('downloads go to a new file, a named one or standard output', async () => {
  server.answers.download = () => ({ content: Buffer.from('cast').toString('base64') });
  const file = join(directory, 'a.cast');
  const download = (...flags: string[]) => run('session-recordings', 'download', '-id', 'chr_1', ...flags);
  expect((await download('-o', file)).exit).toBe(0);
  expect([readFileSync(file, 'utf8'), sent()]).toEqual(['cast', { id: 'chr_1', mime_type: 'application/x-asciicast' }]);
  writeFileSync(file, 'mine');
  expect((await download('-output', file, '-no-clobber')).exit).toBe(2);
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await download('-output', '-', '-mt', 'video/webm')).stdout).toBe('cast');
  expect(sent().mime_type).toBe('video/webm');
});

test('exports', async () => {
  server.answers.export = (request) => ({ item: { id: 'x', mime_type: request.mime_type, state: 'running' } });
  const { exit, stdout } = await run('session-recordings', 'export', '-cr-id', 'cr_1');
  expect([exit, stdout]).toEqual([0, expect.stringMatching(/Mime Type: +video\/webm\n {2}State: +running/)]);
  expect((await run('session-recordings', 'export')).exit).toBe(3);
  expect((await run('session-recordings', 'list-exports', '-recursive')).stdout).toBe(
    'No session recording exports found\n',
  );
});
