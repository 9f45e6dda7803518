/**
 * Helpers whose own configuration and environment lead somewhere else, with the real programs: each
 * request reaches the session and nobody else, and no word behind -- is taken for an option of
 * ours, or the other way round.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDev, type Dev } from '../harness/dev';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';

const PROJECT = 'p_1234567890';

let dev: Dev;
let files: string;
const servers: Server[] = [];
beforeAll(async () => {
  dev = await startDev();
  files = mkdtempSync(join(tmpdir(), 'connect-surroundings-'));
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  expect((await dev.cli(['authenticate', 'password', ...flags], { env: { PW: 'password' } })).code).toBe(0);
}, 120_000);
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(files, { recursive: true, force: true });
  await dev.stop();
});

interface Recorder {
  port: number;
  /** Method, path and host of every request. */
  requests: string[];
}

/** Answers everything with an empty object; a proxy is asked with CONNECT, or for a whole URL. */
async function recorder(make: (listener: Parameters<typeof createHttpServer>[1]) => Server): Promise<Recorder> {
  const requests: string[] = [];
  const server = make((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  server.on('connect', (request, socket) => {
    requests.push(`CONNECT ${request.url}`);
    socket.destroy();
  });
  servers.push(server);
  await waitFor('a server', () => server.listening);
  return { port: (server.address() as AddressInfo).port, requests };
}

const plain = (): Promise<Recorder> => recorder((listener) => createHttpServer(listener));

async function targetFor(name: string, port: number): Promise<string> {
  const flags = ['-scope-id', PROJECT, '-name', name, '-address', '127.0.0.1', '-default-port', String(port)];
  const { stdout } = await dev.cli(['targets', 'create', 'tcp', ...flags, '-format', 'json']);
  return (JSON.parse(stdout) as { item: { id: string } }).item.id;
}

describeWith(['curl'], 'curl', () => {
  test('goes to the session, whatever proxies its variables and its file name', async () => {
    const [web, proxy] = [await plain(), await plain()];
    const target = await targetFor('web', web.port);
    const at = `http://127.0.0.1:${proxy.port}`;
    writeFileSync(join(files, '.curlrc'), `proxy = "${at}"\nconnect-to = "::127.0.0.1:${proxy.port}"\n`);
    const env = { http_proxy: at, HTTP_PROXY: at, ALL_PROXY: at, all_proxy: at, CURL_HOME: files };
    const connect = (...words: string[]) => dev.cli(['connect', 'http', '-target-id', target, ...words], { env });
    const flags = ['-scheme', 'http', '-path', 'a', '--', '-sS'];
    expect(await connect('-host', 'name:8080', ...flags)).toMatchObject({ code: 0, stdout: '{}', stderr: '' });
    expect(await connect('-host', '[::1]:8080', ...flags)).toMatchObject({ code: 0, stdout: '{}' });
    expect(await connect('-host', '::1', ...flags)).toMatchObject({ code: 0, stdout: '{}' });
    expect(await connect('-host', 'name', ...flags)).toMatchObject({ code: 0, stdout: '{}' });
    expect(web.requests).toEqual(['GET /a name:8080', 'GET /a [::1]:8080', 'GET /a [::1]', 'GET /a name']);
    // A program of the user's own choice as well.
    const own = ['-exec', 'curl', '--', '-q', '-sS', 'http://{{boundary.addr}}/b'];
    expect(await dev.cli(['connect', '-target-id', target, ...own], { env })).toMatchObject({ code: 0, stdout: '{}' });
    expect(web.requests.length).toBe(5);
    expect(proxy.requests).toEqual([]);
  });
});

describeWith(['kubectl', 'openssl'], 'kubectl', () => {
  const kubeconfig = (server: string, more: object = {}) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'current', cluster: { server, 'insecure-skip-tls-verify': true, ...more } }],
      users: [{ name: 'me', user: { token: 'secret' } }],
      contexts: [{ name: 'current', context: { cluster: 'current', user: 'me' } }],
      'current-context': 'current',
    });

  test('acts on the session and not on the current cluster, with words behind a second -- and past a proxy', async () => {
    const [key, certificate] = [join(files, 'kube.key'), join(files, 'kube.pem')];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=kube.test'];
    execFileSync('openssl', [...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
    const secure = () => recorder((listener) => createHttpsServer(tls, listener));
    const [session, current, proxy] = [await secure(), await secure(), await plain()];
    const target = await targetFor('kube', session.port);
    const file = join(files, 'kubeconfig');
    const words = ['exec', '-n', 'ns', 'pod', '--', 'sh', '-c', 'id'];
    const at = `http://127.0.0.1:${proxy.port}`;
    const connect = (...before: string[]) =>
      dev.cli(['connect', 'kube', '-target-id', target, '--', ...before, ...words], {
        env: { KUBECONFIG: file, HTTPS_PROXY: at, https_proxy: at },
      });
    writeFileSync(file, kubeconfig(`https://127.0.0.1:${current.port}`));
    await connect();
    expect(session.requests.join()).toContain('GET /api?');
    const asked = session.requests.length;
    writeFileSync(file, kubeconfig(`https://127.0.0.1:${current.port}`, { 'proxy-url': at }));
    await connect();
    expect(session.requests.slice(asked).join()).toContain('GET /api?');
    const refused = await connect('--kubeconfig', file);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('proxy-url')]);
    // Some kubectl ask the current cluster for its version even when they only show a
    // configuration.
    const ofCurrent = `CONNECT 127.0.0.1:${current.port}`;
    expect([...current.requests, ...proxy.requests.filter((request) => request !== ofCurrent)]).toEqual([]);
  }, 60_000);
});

describeWith(['psql'], 'psql', () => {
  test('asks the session, with its password, whatever variables and services say', async () => {
    const list = await dev.cli(['targets', 'list', '-scope-id', PROJECT, '-format', 'json']);
    const { items } = JSON.parse(list.stdout) as { items: { id: string; name: string }[] };
    const demo = items.find(({ name }) => name === 'Generated local postgres target with alias')!;
    writeFileSync(join(files, 'pg_service.conf'), '[away]\nhostaddr=127.0.0.2\nport=1\nuser=nobody\n');
    const env = {
      ...{ PGHOST: '127.0.0.2', PGHOSTADDR: '127.0.0.2', PGPORT: '1', PGPASSWORD: 'wrong' },
      ...{ PGSERVICE: 'away', PGSERVICEFILE: join(files, 'pg_service.conf') },
    };
    const name = dev.demoUrl.pathname.slice(1);
    const query = ['-dbname', name, '--', '-w', '-At', '-c', 'select 6 * 7'];
    const ask = (...words: string[]) =>
      dev.cli(['connect', 'postgres', '-target-id', demo.id, ...query, ...words], { env });
    expect(await ask()).toMatchObject({ code: 0, stdout: '42\n', stderr: '' });
    // Once ours stood behind this one, they were the names of a database and a user at another
    // server.
    expect(await ask('--')).toMatchObject({ code: 0, stdout: '42\n' });
  });
});

describeWith(['mysql'], 'mysql', () => {
  test('asks over TCP, although a file of the user names a socket', async () => {
    const target = await targetFor('mysql', 1);
    const home = join(files, 'home');
    mkdirSync(home);
    writeFileSync(join(home, '.my.cnf'), `[client]\nprotocol=SOCKET\nsocket=${join(files, 'away.sock')}\npassword=x\n`);
    const tokens = join(dev.home, '.sallyport');
    execFileSync('cp', ['-r', tokens, home]);
    // Behind -p the file of the user gives the password here, so that nobody is asked.
    const words = ['-dbname', 'd', '-exec', 'sh', '--', '-c', 'shift; exec mysql "$@" -e "select 1"', 'sh'];
    const outcome = await dev.cli(['connect', 'mysql', '-target-id', target, ...words], { env: { HOME: home } });
    expect(outcome.stderr).not.toContain('away.sock');
  });
});
