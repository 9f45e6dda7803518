/** The helpers of connect with their real programs, each against a real server of its kind. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDev, type Dev } from '../harness/dev';
import { freePorts, run, start, type Finished, type Live } from '../harness/process';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';

const PROJECT = 'p_1234567890';
/** Each program has its own way of quoting. */
const PASSWORD = 'p:\\"w #\'1';

let dev: Dev;
let files: string;
const servers: Live[] = [];
const webServers: Server[] = [];
beforeAll(async () => {
  dev = await startDev();
  files = mkdtempSync(join(tmpdir(), 'connect-clients-'));
  // Servers that drop the rights of root read it too.
  chmodSync(files, 0o755);
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  expect((await dev.cli(['authenticate', 'password', ...flags], { env: { PW: 'password' } })).code).toBe(0);
}, 120_000);
afterAll(async () => {
  for (const server of webServers) server.close();
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(files, { recursive: true, force: true });
  await dev.stop();
});

async function item(args: string[], env: Record<string, string> = {}): Promise<any> {
  const { stdout, stderr } = await dev.cli([...args, '-format', 'json'], { env });
  if (stdout === '') throw new Error(`${args.join(' ')}: ${stderr}`);
  return (JSON.parse(stdout) as { item: unknown }).item;
}

/** A target for a port of this machine, with a credential of that kind. */
async function targetFor(name: string, port: number, credential?: { kind: string; flags: string[] }): Promise<string> {
  const flags = ['-scope-id', PROJECT, '-name', name, '-address', '127.0.0.1', '-default-port', String(port)];
  const { id } = await item(['targets', 'create', 'tcp', ...flags]);
  if (credential === undefined) return id as string;
  const store = await item(['credential-stores', 'create', 'static', '-scope-id', PROJECT]);
  const create = ['credentials', 'create', credential.kind, '-credential-store-id', store.id, '-password', 'env://P'];
  const made = await item([...create, ...credential.flags], { P: PASSWORD });
  await item(['targets', 'set-credential-sources', '-id', id, '-brokered-credential-source', made.id]);
  return id as string;
}

const connect = (helper: string, target: string, ...words: string[]): Promise<Finished> =>
  dev.cli(['connect', helper, '-target-id', target, ...words]);

describeWith(['redis-server', 'redis-cli'], 'redis-cli', () => {
  test('logs in with the password of the target', async () => {
    const [port] = (await freePorts(1)) as [number];
    const config = join(files, 'redis.conf');
    const quoted = PASSWORD.replace(/[\\"]/g, '\\$&');
    writeFileSync(config, `port ${port}\nbind 127.0.0.1\nsave ""\ndir ${files}\nrequirepass "${quoted}"\n`, {
      mode: 0o600,
    });
    servers.push(start('redis-server', [config]));
    await servers.at(-1)!.output(/Ready to accept connections/);
    const target = await targetFor('redis', port, { kind: 'password', flags: [] });
    expect(await connect('redis', target, '--', 'set', 'color', 'blue')).toMatchObject({ code: 0, stdout: 'OK\n' });
    expect(await connect('redis', target, '--', 'get', 'color')).toMatchObject({ code: 0, stdout: 'blue\n' });
    // The server does ask for it.
    const without = await run('redis-cli', ['-p', String(port), 'get', 'color']);
    expect(without.stdout).toContain('NOAUTH');
  });
});

describeWith(['mariadbd', 'mariadb-install-db', 'mysql'], 'mysql', () => {
  test('logs in with the user name and password of the target', async () => {
    const [port] = (await freePorts(1)) as [number];
    const data = join(files, 'mysql');
    mkdirSync(data);
    const user = process.getuid?.() === 0 ? ['--user=root'] : [];
    const own = [`--datadir=${data}`, ...user];
    execFileSync('mariadb-install-db', ['--no-defaults', '--auth-root-authentication-method=normal', ...own], {
      stdio: 'ignore',
    });
    const init = join(files, 'init.sql');
    const quoted = PASSWORD.replace(/[\\']/g, '\\$&');
    writeFileSync(
      init,
      `create database shop;\ncreate user app identified by '${quoted}';\ngrant all on shop.* to app;\ndelete from mysql.global_priv where user = '';\nflush privileges;\n`,
    );
    const at = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(files, 'mysql.sock')}`];
    servers.push(start('mariadbd', ['--no-defaults', ...own, ...at, `--init-file=${init}`]));
    await servers.at(-1)!.output(/ready for connections/);
    const target = await targetFor('mysql', port, { kind: 'username-password', flags: ['-username', 'app'] });
    const query = ['-dbname', 'shop', '--', '-N', '-e', 'select 6 * 7, database(), user()'];
    const outcome = await connect('mysql', target, ...query);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/^42\tshop\tapp@/) });
  }, 60_000);
});

describeWith(['curl'], 'curl', () => {
  test('asks the server by its name, through the session', async () => {
    const web = createHttpServer((request, response) => {
      response.end(`${request.method} ${request.url} of ${request.headers.host}`);
    }).listen(0, '127.0.0.1');
    webServers.push(web);
    await waitFor('the web server', () => web.listening);
    const target = await targetFor('web', (web.address() as AddressInfo).port);
    const words = ['-scheme', 'http', '-host', 'files.test', '-path', 'status', '-method', 'POST', '--', '-sS'];
    expect(await connect('http', target, ...words)).toMatchObject({ code: 0, stdout: 'POST /status of files.test' });
  });
});

describeWith(['kubectl', 'openssl'], 'kubectl', () => {
  test('trusts the server by the name in its certificate, not by the local address', async () => {
    const [key, certificate] = [join(files, 'kube.key'), join(files, 'kube.pem')];
    const subject = ['-subj', '/CN=kube.test', '-addext', 'subjectAltName=DNS:kube.test'];
    const files_ = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files_], {
      stdio: 'ignore',
    });
    const web = createHttpsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(request.url === '/version' ? '{"major":"1","minor":"30","gitVersion":"v1.30.0"}' : '"healthy"');
    }).listen(0, '127.0.0.1');
    webServers.push(web);
    await waitFor('the API server', () => web.listening);
    const target = await targetFor('kube', (web.address() as AddressInfo).port);
    const ask = (name: string) =>
      connect(
        'kube',
        target,
        '-host',
        name,
        '--',
        ...[`--certificate-authority=${certificate}`, '--token=t'],
        'get',
        '--raw',
        '/healthz',
      );
    expect(await ask('kube.test')).toMatchObject({ code: 0, stdout: expect.stringContaining('healthy') });
    expect((await ask('other.test')).code).not.toBe(0);
  });
});
