/**
 * The life of `sallyport dev` as a process: what it leaves behind, and what it says when something
 * is in its way.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from '../harness/api';
import { SALLYPORT, startDev, type Dev } from '../harness/dev';
import { descendants, freePorts, run, start } from '../harness/process';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);
const temporaryOf = (pid: number): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`sallyport-dev-${pid}-`));

function listens(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });
}

const commandOf = (pid: number): string => {
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)]).toString();
  } catch {
    return '';
  }
};

async function nothingIsLeft(dev: Dev, processes: number[]): Promise<void> {
  await waitFor('every process to end', () => processes.every((pid) => !alive(pid)), {
    status: () => processes.filter(alive).map(commandOf).join(),
  });
  for (const port of Object.values(dev.ports)) expect([port, await listens(port)]).toEqual([port, false]);
}

/** Of a request that calls the port by this name. */
const statusFor = (port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/livez', headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    }).on('error', reject);
  });

describeWith(['ps', 'ss'], 'dev mode', () => {
  let dev: Dev;
  let processes: number[];
  const begin = async (flags: string[] = []): Promise<void> => {
    dev = await startDev(flags);
    processes = descendants(dev.live.child.pid!);
  };
  const child = (pattern: RegExp): number => processes.find((pid) => pattern.test(commandOf(pid)))!;
  afterEach(async () => {
    if (!dev.live.ended) await dev.live.stop('SIGKILL');
    rmSync(dev.home, { recursive: true, force: true });
  });

  test('prints ids, logins, the demo database and what to type; Ctrl-C leaves nothing behind', async () => {
    await begin();
    const pid = dev.live.child.pid!;
    for (const text of [
      'ampw_1234567890',
      'ttcp_0987654321',
      'Generated Admin Password: password',
      'connect postgres',
    ]) {
      expect(dev.live.stdout).toContain(text);
    }
    for (const port of [dev.ports.api, dev.ports.ops, dev.ports.workerOps]) {
      expect([port, await statusFor(port, 'evil.example')]).toEqual([port, 403]);
      expect([port, await statusFor(port, 'localhost')]).not.toEqual([port, 403]);
    }
    expect(temporaryOf(pid)).toHaveLength(1);
    // A flood of connections does not overflow what waits to be accepted.
    const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
    for (const port of Object.values(dev.ports)) {
      const line = execFileSync('ss', ['-ltnH', `sport = :${port}`]).toString();
      expect([port, line.trim().split(/\s+/)[2]]).toEqual([port, String(Math.min(4_096, most))]);
    }
    const finished = await dev.live.stop('SIGINT');
    expect(finished).toMatchObject({ code: 0, signal: null });
    expect(finished.stdout).toContain('graceful shutdown triggered');
    expect(processes.length).toBeGreaterThan(2);
    await nothingIsLeft(dev, processes);
    expect(temporaryOf(pid)).toEqual([]);
  }, 60_000);

  test('a worker that is killed ends the rest with a message', async () => {
    await begin();
    process.kill(child(/worker\.cjs/), 'SIGKILL');
    const finished = await dev.live.finished;
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('the worker process ended by signal SIGKILL');
    await nothingIsLeft(dev, processes);
  }, 60_000);

  test('a PostgreSQL that is killed ends the rest with a message', async () => {
    await begin();
    process.kill(child(/postgres -D/), 'SIGKILL');
    const finished = await dev.live.finished;
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('PostgreSQL ended');
    await nothingIsLeft(dev, processes);
  }, 60_000);

  test('when it is killed itself, its children end; the next start removes its directory', async () => {
    await begin();
    const pid = dev.live.child.pid!;
    await dev.live.stop('SIGKILL');
    await nothingIsLeft(dev, processes);
    await begin();
    expect(temporaryOf(pid)).toEqual([]);
  }, 90_000);

  test('a second Ctrl-C forces', async () => {
    await begin();
    dev.live.child.kill('SIGINT');
    await dev.live.output(/graceful shutdown triggered/);
    dev.live.child.kill('SIGINT');
    const finished = await dev.live.finished;
    // The first one may have been quick enough.
    expect([0, 1]).toContain(finished.code);
    await nothingIsLeft(dev, processes);
  }, 60_000);

  test('-data-dir keeps everything but the processes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sallyport-keep-'));
    chmodSync(dir, 0o711);
    const api = async (): Promise<Api> => {
      const client = new Api(dev.apiAddress);
      await client.login('ampw_1234567890', 'admin', 'password');
      return client;
    };
    await begin(['-data-dir', dir]);
    await (await api()).ok('POST', '/v1/scopes', { scope_id: 'global', name: 'kept' });
    const before = dev.demoUrl.href;
    await dev.stop();
    await begin(['-data-dir', dir]);
    const scopes = await (await api()).ok('GET', '/v1/scopes?scope_id=global');
    expect(scopes.items.map((scope: { name: string }) => scope.name)).toContain('kept');
    expect(dev.demoUrl.href).toBe(before);
    await dev.stop();
    rmSync(dir, { recursive: true });
  }, 120_000);
});

describe('what is in the way of dev mode', () => {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-way-'));
  afterAll(() => rmSync(home, { recursive: true }));

  test('busy ports are all named, with the flags that change them', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(busy.address() as AddressInfo).port}`;
    const flags = ['-api-listen-address', address, '-proxy-listen-address', address];
    const done = await run(SALLYPORT, ['dev', ...flags], { env: { HOME: home } });
    busy.close();
    expect(done.code).toBe(2);
    expect(done.stderr).toContain(`${address} is in use (-api-listen-address)`);
    expect(done.stderr).toContain(`${address} is in use (-proxy-listen-address)`);
  }, 30_000);

  test('a data directory that cannot be used', async () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    const ports = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
    const names = ['api', 'cluster', 'proxy', 'ops', 'worker-ops'];
    const flags = names.flatMap((name, i) => [`-${name}-listen-address`, ports[i]!]);
    const done = await run(SALLYPORT, ['dev', ...flags, '-data-dir', join(file, 'in')], { env: { HOME: home } });
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/cannot write to .*-data-dir/);
  }, 30_000);

  test('flags that are wrong are named together', async () => {
    const done = await run(
      SALLYPORT,
      ['dev', '-id-suffix', 'short', '-host-address', 'h', '-demo-username', 'postgres'],
      {
        env: { HOME: home },
      },
    );
    expect(done.code).toBe(3);
    expect(done.stderr).toContain('-id-suffix: 10 letters and digits');
    expect(done.stderr).toContain('-demo-username: ');
  }, 30_000);
});

describeWith(['root', 'setpriv'], 'dev mode without root', () => {
  test('runs as an ordinary user', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sallyport-user-'));
    chmodSync(home, 0o777);
    const ports = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
    const names = ['api', 'cluster', 'proxy', 'ops', 'worker-ops'];
    const flags = names.flatMap((name, i) => [`-${name}-listen-address`, ports[i]!]);
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const live = start('setpriv', [...user, SALLYPORT, 'dev', ...flags], { env: { HOME: home } });
    try {
      await live.output(/server started/, 60_000);
      expect(await live.stop('SIGINT')).toMatchObject({ code: 0 });
    } finally {
      await live.stop('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    }
  }, 90_000);
});
