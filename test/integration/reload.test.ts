/** SIGHUP on a running `server`: what it takes over, what it names, and that nothing ends. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Api } from '../harness/api';
import { SALLYPORT } from '../harness/dev';
import { createEmptyDatabase } from '../harness/postgres';
import { freePorts, run, start } from '../harness/process';
import { testAuthority, testCertificate } from '../harness/test-authority';
import { waitFor } from '../harness/wait';

const home = mkdtempSync(join(tmpdir(), 'sallyport-reload-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const at = (name: string): string => join(home, name);

/** Serial number of the certificate that the port shows. */
const serialAt = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });

test('SIGHUP', async () => {
  const [api, cluster, ops, proxy, workerOps] = (await freePorts(5)) as [number, number, number, number, number];
  const database = await createEmptyDatabase();
  const authority = await testAuthority();
  const showCertificate = async (): Promise<void> => {
    const { cert, key } = await testCertificate(authority);
    writeFileSync(at('cert.pem'), cert);
    writeFileSync(at('key.pem'), key);
  };
  await showCertificate();
  const tcp = (purpose: string, port: number) => ({ purpose, address: `127.0.0.1:${port}`, tls_disable: true });
  const tls = { tls_disable: false, tls_cert_file: at('cert.pem'), tls_key_file: at('key.pem') };
  const config: Record<string, any> = {
    controller: { name: 'c1', database: { url: database.url }, max_page_size: 7 },
    worker: { auth_storage_path: at('worker'), tags: { type: ['before'] } },
    listener: [
      tcp('api', api),
      tcp('cluster', cluster),
      { ...tcp('ops', ops), ...tls },
      tcp('proxy', proxy),
      tcp('ops', workerOps),
    ],
    kms: { type: 'aead', purpose: 'root', key: randomBytes(32).toString('base64') },
    log_level: 'warn',
    pid_file: at('pid'),
  };
  const write = (): void => writeFileSync(at('config.json'), JSON.stringify(config), { mode: 0o600 });
  write();
  const env = { HOME: home };
  const init = await run(SALLYPORT, ['database', 'init', '-config', at('config.json'), '-format', 'json'], { env });
  const { auth_method: admin } = JSON.parse(init.stdout);
  const live = start(SALLYPORT, ['server', '-config', at('config.json')], { env });
  try {
    await live.output(/server started/);
    const client = new Api(`http://127.0.0.1:${api}`);
    await client.login(admin.auth_method_id, admin.login_name, admin.password);
    const worker = (): Promise<any> =>
      client.ok('GET', '/v1/workers?scope_id=global').then(({ items }) => items?.find((item: any) => item.address));
    await waitFor('the worker', worker, { status: () => live.stderr });
    const pid = Number(readFileSync(at('pid'), 'utf8'));
    const serial = await serialAt(ops);
    const stream = openStream(api);

    config['worker'].tags = { type: ['after'], more: 'x' };
    config['log_level'] = 'debug';
    config['controller'].api_rate_limit = {
      resources: ['role'],
      actions: ['list'],
      per: 'total',
      limit: 1,
      period: '1h',
    };
    config['controller'].max_page_size = 8;
    config['listener'][0].cors_allowed_origins = ['https://admin.example'];
    write();
    await showCertificate();
    process.kill(pid, 'SIGHUP');
    await live.output(
      /==> Sallyport server reload triggered\n {4}These need a restart to take effect: controller\.max_page_size\n/,
    );

    expect(await serialAt(ops)).not.toBe(serial);
    const tagged = await waitFor('the new tags', async () =>
      (await worker()).canonical_tags.more ? worker() : undefined,
    );
    expect(tagged.canonical_tags).toEqual({ type: ['after'], more: ['x'] });
    const roles = () => client.call('GET', '/v1/roles?scope_id=global');
    expect([(await roles()).status, (await roles()).status]).toEqual([200, 429]);
    const foreign = await client.call('GET', '/v1/scopes', undefined, { origin: 'https://other.example' });
    expect(foreign).toMatchObject({ status: 403, body: { Inner: { message: 'origin forbidden' } } });
    // Both processes log requests and messages of level debug now.
    await live.output(/"level":20,.*"name":"controller"/);
    await live.output(/"level":30,.*"name":"worker".*attaching anew/);
    // A connection that was open all the time still is.
    expect(await stream()).toBe(400);

    writeFileSync(at('config.json'), '{"controller": {"nmae": "x"}}');
    process.kill(pid, 'SIGHUP');
    await live.output(
      /Error: nothing was reloaded: the configuration is not usable[^]*no such key; did you mean "name"/,
    );
    expect((await roles()).status).toBe(429);
    expect(await live.stop('SIGTERM')).toMatchObject({ code: 0 });
    expect(existsSync(at('pid'))).toBe(false);
  } finally {
    await live.stop('SIGKILL');
    await database.drop();
  }
}, 120_000);

/** A request whose headers are held back until it is asked for its status. */
function openStream(port: number): () => Promise<number> {
  const held = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/v1/auth-methods/ampw_0000000000:authenticate',
  });
  held.on('error', () => undefined);
  held.setHeader('content-length', 2);
  held.flushHeaders();
  return () =>
    new Promise((resolve, reject) => {
      held.on('error', reject);
      held.on('response', (response) => resolve(response.statusCode!));
      held.end('{}');
    });
}
