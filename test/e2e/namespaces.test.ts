/**
 * Client, controller, worker and target as four hosts: network namespaces joined by virtual cables.
 * Only the worker reaches the target; its firewall lets nothing in but clients to the proxy port.
 * The configuration files are the examples of deploy/.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SALLYPORT } from '../harness/dev';
import { createEmptyDatabase, onUnixSocket, type TestDatabase } from '../harness/postgres';
import { run, start, type Finished, type Live } from '../harness/process';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';

const TAG = `sp${process.pid}`;
const HOSTS = ['client', 'controller', 'worker', 'target'] as const;
type Host = (typeof HOSTS)[number];
const namespace = (host: Host): string => `${TAG}-${host}`;
/** Cables: network, then the two ends with their last octet. */
const CABLES: [string, Host, Host][] = [
  ['10.77.1', 'client', 'controller'],
  ['10.77.2', 'client', 'worker'],
  ['10.77.3', 'controller', 'worker'],
  ['10.77.4', 'worker', 'target'],
];
const address = (network: string, host: Host): string => `${network}.${HOSTS.indexOf(host) + 1}`;
const CONTROLLER_FOR_CLIENT = address('10.77.1', 'controller');
const WORKER_FOR_CLIENT = address('10.77.2', 'worker');
const CONTROLLER_FOR_WORKER = address('10.77.3', 'controller');
const WORKER_FOR_CONTROLLER = address('10.77.3', 'worker');
const TARGET = address('10.77.4', 'target');

async function sh(command: string): Promise<void> {
  const done = await run('sh', ['-ec', command]);
  if (done.code !== 0) throw new Error(`${command}\n${done.stdout}${done.stderr}`);
}

const inside = (host: Host, args: string[]): string[] => ['netns', 'exec', namespace(host), ...args];

async function build(): Promise<void> {
  for (const host of HOSTS) await sh(`ip netns add ${namespace(host)}; ip -n ${namespace(host)} link set lo up`);
  for (const [index, [network, a, b]] of CABLES.entries()) {
    const [left, right] = [`${TAG}${index}a`, `${TAG}${index}b`];
    await sh(`ip link add ${left} type veth peer name ${right}`);
    for (const [end, host] of [
      [left, a],
      [right, b],
    ] as const) {
      await sh(
        `ip link set ${end} netns ${namespace(host)} name to-${host === a ? b : a};` +
          `ip -n ${namespace(host)} addr add ${address(network, host)}/24 dev to-${host === a ? b : a};` +
          `ip -n ${namespace(host)} link set to-${host === a ? b : a} up`,
      );
    }
  }
  const rules = `table inet filter { chain input { type filter hook input priority 0; policy drop;
    iifname "lo" accept; ct state established,related accept; iifname "to-client" tcp dport 9202 accept;
    }
  }`;
  await sh(`echo '${rules}' | ip netns exec ${namespace('worker')} nft -f -`);
}

async function tearDown(): Promise<void> {
  for (const host of HOSTS) await run('ip', ['netns', 'delete', namespace(host)]);
}

describeWith(['root', 'ip', 'nft'], 'four hosts', () => {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-ns-'));
  const running: Live[] = [];
  let database: TestDatabase;

  const env = (host: Host) => ({
    HOME: join(home, host),
    SALLYPORT_ADDR: `http://${CONTROLLER_FOR_CLIENT}:9200`,
    // The network of this test is a cable between namespaces.
    SALLYPORT_ALLOW_CLEAR_TEXT: 'true',
    TZ: 'UTC',
  });
  const on = (host: Host, args: string[], more: Record<string, string> = {}): Promise<Finished> =>
    run('ip', inside(host, args), { env: { ...env(host), ...more }, timeoutMs: 60_000 });
  const live = (host: Host, args: string[], more: Record<string, string> = {}): Live => {
    const started = start('ip', inside(host, args), { env: { ...env(host), ...more } });
    running.push(started);
    return started;
  };
  const client = async (args: string[], more: Record<string, string> = {}): Promise<any> => {
    const done = await on('client', [SALLYPORT, ...args, '-format', 'json', '-keyring-type', 'none'], more);
    if (done.code !== 0) throw new Error(`${args.join(' ')}: ${done.code}\n${done.stdout}\n${done.stderr}`);
    return JSON.parse(done.stdout);
  };
  const connects = async (from: Host, to: string, port: number): Promise<boolean> => {
    const script = `const s=require('net').connect(${port},'${to}');s.setTimeout(1500);s.on('connect',()=>process.exit(0)).on('timeout',()=>process.exit(1)).on('error',()=>process.exit(1))`;
    return (await on(from, [process.execPath, '-e', script])).code === 0;
  };
  const ready = (host: Host, port: number, server: Live): Promise<unknown> =>
    waitFor(
      `${host} to be ready`,
      async () => {
        if (server.ended) throw new Error(`ended: ${server.stdout}\n${server.stderr}`);
        const probe = `fetch('http://127.0.0.1:${port}/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;
        return (await on(host, [process.execPath, '-e', probe])).code === 0;
      },
      { timeoutMs: 40_000, status: () => `${server.stdout}\n${server.stderr}` },
    );

  const example = (name: string): any => JSON.parse(readFileSync(resolve(__dirname, '../../deploy', name), 'utf8'));
  const write = (name: string, content: unknown): string => {
    const file = join(home, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
    return file;
  };

  beforeAll(async () => {
    await sh(`mkdir -p ${HOSTS.map((host) => join(home, host)).join(' ')}`);
    await build();
    database = await createEmptyDatabase();
  }, 60_000);
  afterAll(async () => {
    for (const process of running.reverse()) if (!process.ended) await process.stop('SIGKILL');
    await tearDown();
    await database?.drop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  let admin: { auth_method_id: string; login_name: string; password: string };
  let project: string;
  let token: string;

  test('the controller starts from the example configuration', async () => {
    const secrets = {
      SALLYPORT_DATABASE_URL: onUnixSocket(database.url),
      SALLYPORT_ROOT_KEY: randomBytes(32).toString('base64'),
    };
    const file = write('controller.json', example('controller.json'));
    const init = await on('controller', [SALLYPORT, 'database', 'init', '-config', file, '-format', 'json'], secrets);
    expect(init).toMatchObject({ code: 0 });
    const made: any = JSON.parse(init.stdout);
    admin = made.auth_method;
    project = made.project_scope.scope_id;
    await ready('controller', 9203, live('controller', [SALLYPORT, 'server', '-config', file], secrets));
  }, 60_000);

  test('a worker enrolls with its activation token, dialing out only', async () => {
    const login = [
      'authenticate',
      'password',
      '-auth-method-id',
      admin.auth_method_id,
      '-login-name',
      admin.login_name,
    ];
    const answer = await client([...login, '-password', 'env://PW'], { PW: admin.password });
    token = answer.item.attributes.token;
    const created = await client(['workers', 'create', 'controller-led', '-name', 'w1', '-token', 'env://T'], {
      T: token,
    });
    const config = example('worker.json');
    config.worker.initial_upstreams = [`${CONTROLLER_FOR_WORKER}:9201`];
    config.worker.public_addr = `${WORKER_FOR_CLIENT}:9202`;
    config.worker.auth_storage_path = join(home, 'worker/state');
    const file = write('worker.json', config);
    const secrets = { SALLYPORT_ACTIVATION_TOKEN: created.item.controller_generated_activation_token as string };
    await ready('worker', 9204, live('worker', [SALLYPORT, 'server', '-config', file], secrets));
  }, 60_000);

  test('only the worker reaches the target; nothing reaches the worker but clients at the proxy port', async () => {
    const serve = `require('net').createServer(s=>s.pipe(s)).listen(7000,'${TARGET}',()=>console.log('up'))`;
    await live('target', [process.execPath, '-e', serve]).output(/up/);
    expect(await connects('worker', TARGET, 7000)).toBe(true);
    expect(await connects('client', TARGET, 7000)).toBe(false);
    expect(await connects('controller', TARGET, 7000)).toBe(false);
    expect(await connects('controller', WORKER_FOR_CONTROLLER, 9202)).toBe(false);
    expect(await connects('controller', WORKER_FOR_CONTROLLER, 9204)).toBe(false);
    expect(await connects('client', WORKER_FOR_CLIENT, 9204)).toBe(false);
    expect(await connects('client', WORKER_FOR_CLIENT, 9202)).toBe(true);
  }, 60_000);

  test('the client moves bytes through the worker', async () => {
    const create = [
      'targets',
      'create',
      'tcp',
      '-scope-id',
      project,
      '-name',
      'echo',
      '-address',
      TARGET,
      '-default-port',
      '7000',
    ];
    const target = await client([...create, '-token', 'env://T'], { T: token });
    const script = `const s=require('net').connect(+process.env.SALLYPORT_PROXIED_PORT,'127.0.0.1');s.end('over four hosts');s.pipe(process.stdout)`;
    const connect = ['connect', '-target-id', target.item.id as string, '-exec', process.execPath, '-token', 'env://T'];
    const done = await on('client', [SALLYPORT, ...connect, '-keyring-type', 'none', '--', '-e', script], { T: token });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('over four hosts') as string });
    const listed = await waitFor('the session to end', async () => {
      const list = ['sessions', 'list', '-scope-id', project, '-include-terminated', '-token', 'env://T'];
      const items: any[] = (await client(list, { T: token })).items ?? [];
      return items[0]?.status === 'terminated' ? items : undefined;
    });
    const read = await client(['sessions', 'read', '-id', listed[0].id as string, '-token', 'env://T'], { T: token });
    expect(read.item.connections).toHaveLength(1);
    expect(read.item.connections[0]).toMatchObject({
      bytes_up: '15',
      bytes_down: '15',
      cause: 'fin',
      client_tcp_address: address('10.77.2', 'client'),
      endpoint_tcp_address: TARGET,
    });
  }, 60_000);
});
