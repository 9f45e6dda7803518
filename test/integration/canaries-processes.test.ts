/**
 * Canaries in whole processes, as operators and users run them: none may turn up in arguments,
 * titles and environments of a process at work, in logs at trace level, in files that are left
 * after `kill -9`, and in a dump of the database then.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from '../harness/api';
import { Canaries, filesBelow, processesLike, seenOf } from '../harness/canaries';
import { SALLYPORT, startDev } from '../harness/dev';
import { startDeployment, type Deployment } from '../harness/deployment';
import { dial, echo, endpoint, type Endpoint } from '../harness/endpoints';
import { createEmptyDatabase, type TestDatabase } from '../harness/postgres';
import { descendants, freePorts, run, start, type Live } from '../harness/process';
import { describeWith } from '../harness/tools';
import { VaultServer } from '../harness/vault';
import { waitFor } from '../harness/wait';

const home = mkdtempSync(join(tmpdir(), 'sallyport-canaries-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A directory of its own for temporary files. */
function temporary(name: string): string {
  const directory = join(home, name);
  mkdirSync(directory);
  // PostgreSQL of dev mode may run as another user.
  for (const one of [home, directory]) chmodSync(one, 0o711);
  return directory;
}

/**
 * What is seen of processes and what sings there; `given`: in whose environment a secret may be, as
 * it was given so.
 */
function seen(canaries: Canaries, pids: readonly number[], given: readonly number[] = []): unknown[] {
  expect(pids.length).toBeGreaterThan(0);
  return pids.flatMap((pid) => {
    const { arguments: words, title, environment } = seenOf(pid);
    const found = { words: canaries.sung(words + title), environment: canaries.sung(environment) };
    if (given.includes(pid)) found.environment = [];
    return found.words.length + found.environment.length === 0 ? [] : [{ command: words, ...found }];
  });
}

async function killed(...processes: (Live | undefined)[]): Promise<void> {
  for (const live of processes) await live?.stop('SIGKILL');
}

describeWith(['pg_dump', 'ps'], 'controller and worker', () => {
  const canaries = new Canaries();
  const vault = new VaultServer();
  let database: TestDatabase;
  let target: Endpoint;
  let deployment: Deployment;
  let tmp: string;

  beforeAll(async () => {
    tmp = temporary('deployment');
    await vault.start();
    target = await endpoint(echo);
    database = await createEmptyDatabase();
    const url = new URL(database.url);
    url.password = canaries.plant('database');
    deployment = await startDeployment({
      database: { url: url.href, drop: () => database.drop() },
      controller: { outgoing_allowed_networks: ['127.0.0.0/8'] },
      logLevel: 'trace',
      logFiles: true,
      env: { TMPDIR: tmp },
    });
  }, 90_000);
  afterAll(async () => {
    await deployment.stop();
    await vault.stop();
    await target.close();
  });

  /** In the files that the operator wrote and in the keys of the worker, where they belong. */
  function plantConfigured(): string[] {
    const of = (file: string) => JSON.parse(readFileSync(join(deployment.home, file), 'utf8'));
    const activation = of('w1.json').worker.controller_generated_activation_token as string;
    canaries.know(of('controller.json').kms[0].key as string);
    canaries.know(activation.slice(20, 60));
    canaries.know(deployment.init.auth_method.password as string);
    canaries.know(deployment.api.token!.split('_')[2]!.slice(2));
    const keys = filesBelow(join(deployment.home, 'w1'));
    return keys.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/PRIVATE KEY-----\\?n?\s*([\w+/=]{20,})/g)].map(([, text]) =>
        canaries.know(text!),
      ),
    );
  }

  async function plantStored(): Promise<string> {
    const { api, projectId } = deployment;
    const store = (type: string, attributes?: object) =>
      api.ok('POST', '/v1/credential-stores', { scope_id: projectId, type, attributes });
    await store('vault', { address: vault.address, token: canaries.plant('vault-token') });
    const tokens = vault.seen.map(({ token }) => token).filter((token) => token !== '');
    expect(tokens).toContain(canaries.planted.at(-1));
    const kept = await store('static');
    const credential = await api.ok('POST', '/v1/credentials', {
      credential_store_id: kept.id,
      type: 'username_password',
      attributes: { username: 'u', password: canaries.plant('brokered') },
    });
    const { id } = await api.target(projectId, target.port);
    await api.ok('POST', `/v1/targets/${id}:set-credential-sources`, {
      version: 1,
      brokered_credential_source_ids: [credential.id],
    });
    const { authorization_token: token } = await api.authorize(id);
    canaries.know(token.slice(200, 260));
    return id;
  }

  const cli = (args: string[], own: Record<string, string> = {}) =>
    run(SALLYPORT, args, { env: { ...deployment.env, SALLYPORT_KEYRING_TYPE: 'file', ...own } });

  /** A user who logs in with a password, and connects with a helper. */
  async function work(targetId: string): Promise<{ connect: Live; port: number }> {
    const { api, init } = deployment;
    const password = canaries.plant('password');
    const method = init.auth_method.auth_method_id as string;
    const attributes = { login_name: 'canary', password };
    const account = await api.ok('POST', '/v1/accounts', { auth_method_id: method, type: 'password', attributes });
    const user = await api.ok('POST', '/v1/users', { scope_id: 'global' });
    await api.ok('POST', `/v1/users/${user.id}:set-accounts`, { version: 1, account_ids: [account.id] });
    const role = await api.ok('POST', '/v1/roles', { scope_id: deployment.projectId });
    const grants = { version: 1, grant_strings: ['ids=*;type=target;actions=*'] };
    await api.ok('POST', `/v1/roles/${role.id}:set-grants`, grants);
    await api.ok('POST', `/v1/roles/${role.id}:set-principals`, { version: 2, principal_ids: [user.id] });
    const flags = ['-auth-method-id', method, '-login-name', 'canary', '-password', 'env://PW'];
    expect(await cli(['authenticate', 'password', ...flags], { PW: password })).toMatchObject({ code: 0 });
    expect(await cli(['authenticate', 'password', ...flags], { PW: canaries.plant('wrong') })).toMatchObject({
      code: 1,
    });
    const stored = readFileSync(join(deployment.home, '.sallyport', 'tokens', 'default'), 'utf8');
    const { token } = JSON.parse(Buffer.from(stored, 'base64').toString()) as { token: string };
    canaries.know(token.split('_')[2]!.slice(2));
    const program = join(home, 'program');
    writeFileSync(program, '#!/bin/sh\necho "port $4"\nexec sleep 60\n', { mode: 0o755 });
    const live = start(
      SALLYPORT,
      ['connect', 'redis', '-target-id', targetId, '-token', 'env://MINE', '-exec', program],
      {
        env: { ...deployment.env, SALLYPORT_AUTHENTICATE_PASSWORD_PASSWORD: password, MINE: token },
      },
    );
    return { connect: live, port: Number((await live.output(/port (\d+)/))[1]) };
  }

  /** Bytes go through the session. */
  async function use(port: number): Promise<void> {
    const socket = await dial(port);
    socket.write('ping');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
  }

  test('at work, and after kill -9', async () => {
    const keys = plantConfigured();
    const targetId = await plantStored();
    const { connect, port } = await work(targetId);
    try {
      await use(port);
      const [controller, worker, client] = [deployment.controller, deployment.worker, connect].map(
        ({ child }) => child.pid!,
      ) as [number, number, number];
      const children = [controller, worker, client].flatMap(descendants);
      const backends = processesLike(/^postgres: /);
      expect(backends.length).toBeGreaterThan(3);
      // Of the client it is the user who chose the environment; redis-cli takes a password nowhere
      // else.
      const program = descendants(client);
      const given = [client, ...program.filter((pid) => seenOf(pid).environment.includes('REDISCLI_AUTH='))];
      expect(seen(canaries, [controller, worker, client, ...children, ...backends], given)).toEqual([]);
      for (const pid of program) {
        const names = seenOf(pid)
          .environment.split('\0')
          .filter((pair) => canaries.sung(pair).length > 0);
        expect(names.map((pair) => pair.split('=')[0])).toEqual(['REDISCLI_AUTH']);
      }
    } finally {
      const program = descendants(connect.child.pid!);
      connect.child.kill('SIGKILL');
      for (const pid of program) process.kill(pid, 'SIGKILL');
      await killed(connect, deployment.controller, deployment.worker);
    }
    expect(canaries.sungIn(tmp)).toEqual({});
    const left = Object.entries(canaries.sungIn(deployment.home)).map(([file, secrets]) => ({
      file: file.slice(deployment.home.length + 1).replace(/^w1\/.*/, 'w1/…'),
      secrets: secrets.filter((secret) => !keys.includes(secret)),
    }));
    // The files of the operator, the keys of the worker, and the keyring of the user.
    const expected = ['.sallyport/tokens/default', 'controller.json', 'w1.json'];
    expect(left.filter(({ secrets }) => secrets.length > 0).map(({ file }) => file)).toEqual(expected);
    expect(new Set(left.map(({ file }) => file))).toEqual(new Set([...expected, 'w1/…']));
    const logs = ['controller.log', 'w1.log'].map((name) => readFileSync(join(deployment.home, name), 'utf8'));
    for (const log of logs) expect(log).toContain('Log Level: trace');
    expect(logs[0]).toContain('"level":20');
    expect(logs[1]).toContain('connection closed');
    const dump = execFileSync('pg_dump', [database.url], { encoding: 'latin1', maxBuffer: 1 << 28 });
    expect(dump).toContain('canary');
    expect(canaries.sung(dump)).toEqual([]);
    expect(canaries.planted.length).toBeGreaterThan(10);
    expect(keys.length).toBeGreaterThan(0);
  }, 90_000);

  test('commands about a database whose url has a password', async () => {
    const password = canaries.plant('url');
    const urls = [
      `postgres://postgres:${password}@127.0.0.1:1/x`,
      `postgres://postgres:${password}@nowhere.invalid/x`,
      `postgres://postgres:${password}@127.0.0.1:port/x`,
      `postgres://postgres:${password}@${new URL(database.url).host}/no_such_database`,
      `${password}`,
    ];
    for (const [i, url] of urls.entries()) {
      const file = join(home, `database-${i}.json`);
      const config = JSON.parse(readFileSync(join(deployment.home, 'controller.json'), 'utf8'));
      config.controller.database.url = url;
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
      for (const command of [['server'], ['database', 'init'], ['database', 'migrate']]) {
        const done = await run(SALLYPORT, [...command, '-config', file, '-log-level', 'trace'], {
          env: { ...deployment.env },
        });
        expect(done.code).not.toBe(0);
        expect([url, command, canaries.sung(done.stdout + done.stderr)]).toEqual([url, command, []]);
      }
    }
  }, 120_000);
});

describeWith(['ps'], 'dev mode', () => {
  test('at work, and after kill -9', async () => {
    const canaries = new Canaries();
    const tmp = temporary('dev');
    const password = canaries.plant('admin');
    const own = {
      TMPDIR: tmp,
      SALLYPORT_DEV_PASSWORD: password,
      SALLYPORT_DEV_UNPRIVILEGED_PASSWORD: canaries.plant('user'),
      SALLYPORT_DEV_DEMO_PASSWORD: canaries.plant('demo'),
      SALLYPORT_DEV_RECOVERY_KEY: canaries.know(Buffer.from('canary-recovery-key-of-32-bytes!').toString('base64')),
      AWS_SECRET_ACCESS_KEY: canaries.plant('foreign'),
    };
    const dev = await startDev(['-log-level', 'trace'], own);
    const pid = dev.live.child.pid!;
    const below = descendants(pid);
    try {
      const api = new Api(dev.apiAddress);
      await api.login('ampw_1234567890', 'admin', password);
      canaries.know(api.token!.split('_')[2]!.slice(2));
      const store = await api.ok('POST', '/v1/credential-stores', { scope_id: 'p_1234567890', type: 'static' });
      const attributes = { username: 'u', password: canaries.plant('credential') };
      const credential = { credential_store_id: store.id, type: 'username_password', attributes };
      await api.ok('POST', '/v1/credentials', credential);
      await api.authorize('ttcp_1234567890');
      expect(below.length).toBeGreaterThan(5);
      expect(seen(canaries, [pid, ...below], [pid])).toEqual([]);
    } finally {
      await killed(dev.live);
    }
    await waitFor('its children to end', () => below.every((one) => !existsSync(`/proc/${one}`)) || undefined);
    // The database is left, for the next start to remove; not its keys, nor a login to it.
    expect(readdirSync(tmp).length).toBe(1);
    expect(filesBelow(tmp).map((file) => file.split('/').at(-1))).not.toContain('dev.json');
    expect(canaries.sungIn(tmp)).toEqual({});
    expect(canaries.sungIn(dev.home)).toEqual({});
    // Standard output shows the logins; the log does not.
    expect(dev.live.stderr).toContain('"level":20');
    expect(canaries.sung(dev.live.stderr)).toEqual([]);
    rmSync(dev.home, { recursive: true, force: true });
  }, 120_000);

  test('a start that fails', async () => {
    const canaries = new Canaries();
    const tmp = temporary('failing');
    const [port] = (await freePorts(1)) as [number];
    const url = `postgres://postgres:${canaries.plant('url')}@127.0.0.1:${port}/x`;
    const env = {
      HOME: tmp,
      TMPDIR: tmp,
      SALLYPORT_DEV_DATABASE_URL: url,
      SALLYPORT_DEV_RECOVERY_KEY: canaries.plant('k'),
    };
    const done = await run(SALLYPORT, ['dev', '-log-level', 'trace'], { env });
    expect(done.code).not.toBe(0);
    expect(canaries.sung(done.stdout + done.stderr)).toEqual([]);
    expect(canaries.sungIn(tmp)).toEqual({});
  }, 60_000);
});
