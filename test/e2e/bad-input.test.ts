/**
 * What people and hostile peers get wrong: each case gets a clear error with the remedy, the right
 * exit code and status, and leaves no crash, no leak and no stuck session.
 */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { SALLYPORT } from '../harness/dev';
import { connect, startDeployment, type Deployment } from '../harness/deployment';
import { dial, echo, endpoint, gone, readAll } from '../harness/endpoints';
import { freePorts, run, type Finished } from '../harness/process';
import { waitFor } from '../harness/wait';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
}, 120_000);
afterAll(() => deployment?.stop());

const cli = (args: string[], env: Record<string, string> = {}): Promise<Finished> =>
  run(SALLYPORT, args, { env: { ...deployment.env, ...env } });
const asAdmin = (args: string[], env: Record<string, string> = {}): Promise<Finished> =>
  cli([...args, '-token', 'env://T', '-keyring-type', 'none'], { T: deployment.api.token!, ...env });

describe('at the terminal', () => {
  const login = (env: Record<string, string>) =>
    cli(
      [
        ...['authenticate', 'password', '-auth-method-id', deployment.init.auth_method.auth_method_id as string],
        ...['-login-name', 'admin', '-password', 'env://PW', '-keyring-type', 'none'],
      ],
      env,
    );

  test('wrong password', async () => {
    const done = await login({ PW: 'not the password' });
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/Unauthenticated/);
    expect(done.stderr + done.stdout).not.toContain('not the password');
  });

  test.each([
    [
      'expired or garbage token',
      ['targets', 'list', '-scope-id', 'global', '-recursive'],
      { T: 'at_0123456789_garbage' },
      1,
      /PermissionDenied|Unauthenticated/,
    ],
    ['unknown id', ['targets', 'read', '-id', 'ttcp_AAAAAAAAAA'], {}, 1, /NotFound[\s\S]*404/],
    ['id of another type', ['targets', 'read', '-id', 'u_1234567890'], {}, 1, /InvalidArgument[\s\S]*-id/],
    ['missing flag', ['targets', 'read'], {}, 3, /-id/],
    ['unknown flag', ['targets', 'read', '-idd', 'x'], {}, 3, /-idd[\s\S]*-id/],
    ['unknown command', ['target', 'list'], {}, 127, /targets/],
    [
      'not a number',
      ['targets', 'create', 'tcp', '-scope-id', 'p_1', '-name', 'x', '-default-port', 'many'],
      {},
      3,
      /many/,
    ],
  ] as [string, string[], Record<string, string>, number, RegExp][])('%s', async (_name, args, env, code, text) => {
    const done = await asAdmin(args, env);
    expect(done.stderr).toMatch(text);
    expect(done.code).toBe(code);
  });

  test('unreachable server', async () => {
    const [port] = await freePorts(1);
    const done = await asAdmin(['scopes', 'list', '-addr', `http://127.0.0.1:${port}`]);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/127\.0\.0\.1/);
  });

  test('TLS to a plaintext port', async () => {
    const done = await asAdmin(['scopes', 'list', '-addr', `https://127.0.0.1:${deployment.ports.api}`]);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/http:\/\//);
  });
});

describe('targets that lead nowhere', () => {
  test('an endpoint that refuses: the client hears why, the session stays usable, no slot is lost', async () => {
    const [port] = await freePorts(1);
    const target = await deployment.api.target(deployment.projectId, port!, { session_connection_limit: 1 });
    const authorized = await deployment.api.authorize(target.id);
    const { live, port: local } = await connect(deployment, authorized.authorization_token);
    await gone(await dial(local).then((s) => s.resume()));
    await live.output(/refused/i);
    await gone(await dial(local).then((s) => s.resume()));
    const session = await deployment.api.sessionWhere(
      authorized.session_id,
      'with both failures',
      (s) => s.connections?.length === 2 && s.connections.every((c: any) => c.closed_reason !== undefined),
    );
    for (const connection of session.connections) {
      expect(connection).toMatchObject({
        cause: 'dial refused',
        closed_reason: 'network error',
        error: 'ECONNREFUSED',
      });
    }
    expect(live.ended).toBe(false);
    await live.stop('SIGTERM');
  });

  test('a name that does not resolve', async () => {
    const target = await deployment.api.target(deployment.projectId, 5432, { address: 'no-such-host.invalid' });
    const authorized = await deployment.api.authorize(target.id);
    const { live, port } = await connect(deployment, authorized.authorization_token);
    await gone(await dial(port).then((s) => s.resume()));
    await live.output(/name not found|resolve/i);
    await deployment.api.sessionWhere(
      authorized.session_id,
      'failed',
      (s) => s.connections?.[0]?.cause === 'name not found',
    );
    await live.stop('SIGTERM');
  });

  test('a target without hosts', async () => {
    const body = { scope_id: deployment.projectId, type: 'tcp', name: 'no-hosts', attributes: { default_port: 1 } };
    const target = await deployment.api.ok('POST', '/v1/targets', body);
    const answer = await deployment.api.call('POST', `/v1/targets/${target.id}:authorize-session`, {});
    expect(answer).toMatchObject({
      status: 404,
      body: { kind: 'NotFound', message: 'No host sources or address found for given target.' },
    });
    const done = await asAdmin(['connect', '-target-id', target.id as string]);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/No host sources or address/);
  });
});

describe('sessions that ended', () => {
  test('connecting to one tells that it was canceled; canceling it again changes nothing', async () => {
    const server = await endpoint(echo);
    const target = await deployment.api.target(deployment.projectId, server.port);
    const authorized = await deployment.api.authorize(target.id);
    await deployment.api.ok('POST', `/v1/sessions/${authorized.session_id}:cancel`, { version: 1 });
    const ended = await deployment.api.sessionWhere(
      authorized.session_id,
      'terminated',
      (s) => s.status === 'terminated',
    );
    await expect(connect(deployment, authorized.authorization_token)).rejects.toThrow('The session was canceled.');
    const again = await deployment.api.ok('POST', `/v1/sessions/${authorized.session_id}:cancel`, { version: 1 });
    expect(again).toMatchObject({ status: 'terminated', version: ended.version });
    await server.close();
  });

  test('a token that another client uses already is refused', async () => {
    const server = await endpoint(echo);
    const target = await deployment.api.target(deployment.projectId, server.port);
    const authorized = await deployment.api.authorize(target.id);
    const first = await connect(deployment, authorized.authorization_token);
    const socket = await dial(first.port);
    socket.write('mine');
    await new Promise((resolve) => socket.once('data', resolve));
    const second = await connect(deployment, authorized.authorization_token);
    await gone(await dial(second.port).then((s) => s.resume()));
    await second.live.output(/another client|tofu token/i);
    await second.live.stop('SIGTERM');
    socket.end('still mine');
    expect((await readAll(socket)).toString()).toContain('still mine');
    await first.live.stop('SIGTERM');
    await deployment.api.sessionWhere(authorized.session_id, 'ended', (s) => s.status === 'terminated');
    await server.close();
  });
});

describe('garbage', () => {
  test.each(['api', 'cluster', 'ops', 'proxy', 'workerOps'] as const)('10 MB on the %s port', async (name) => {
    const socket = connectTcp(deployment.ports[name], '127.0.0.1');
    socket.on('error', () => undefined).resume();
    const block = randomBytes(1 << 20);
    for (let i = 0; i < 10 && !socket.destroyed; i++) {
      if (!socket.write(block)) {
        await new Promise<void>((resolve) => {
          socket.once('drain', resolve).once('close', () => resolve());
        });
      }
    }
    socket.end();
    await gone(socket);
    expect((await fetch(`http://127.0.0.1:${deployment.ports.ops}/health`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${deployment.ports.workerOps}/health`)).status).toBe(200);
    expect((await deployment.api.call('GET', '/v1/scopes?scope_id=global')).status).toBe(200);
  });
});

describe('no worker', () => {
  test('authorize-session says so and leaves no session', async () => {
    const target = await deployment.api.target(deployment.projectId, 1);
    await deployment.worker.stop('SIGTERM');
    const answer = await waitFor('the refusal', async () => {
      const now = await deployment.api.call('POST', `/v1/targets/${target.id}:authorize-session`, {});
      return now.status === 200 ? undefined : now;
    });
    expect(answer.body).toMatchObject({ kind: 'Unavailable', message: expect.stringMatching(/worker/i) as string });
    expect(answer.status).toBe(503);
  });
});
