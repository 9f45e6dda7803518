/**
 * Clocks of controllers, workers and clients that differ by five to ten minutes: nobody notices.
 */
import { rows, sql } from '../../services/controller/db/db';
import { Api } from '../harness/api';
import { connect } from '../harness/deployment';
import { SALLYPORT } from '../harness/dev';
import { run } from '../harness/process';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';
import { SKEW_SECONDS, startSkewedWorld, type Side, type SkewedWorld } from './skew';
import { transferEndpoint, type TransferEndpoint } from './transfer';

jest.setTimeout(120_000);

describeWith(['faketime'], 'clocks that are minutes apart', () => {
  let world: SkewedWorld;
  let endpoint: TransferEndpoint;
  let recordBefore: unknown[];

  beforeAll(async () => {
    world = await startSkewedWorld();
    endpoint = await transferEndpoint();
    await Promise.all(world.sides.map((side) => login(side)));
    await waitFor('all attached', async () => (await attached()) === 3);
    recordBefore = await world.record();
  }, 120_000);
  afterAll(async () => {
    await endpoint?.close();
    await world?.stop();
  });

  const attached = async (): Promise<number> =>
    (await world.record()).filter((row) => (row as { worker: string | null }).worker !== null).length;

  /** As a person at a machine whose time is wrong. */
  async function login(side: Side): Promise<void> {
    const { auth_method_id, login_name, password } = world.deployment.init.auth_method;
    const flags = ['-auth-method-id', auth_method_id, '-login-name', login_name, '-password', 'env://PW'];
    const made = await run(
      SALLYPORT,
      ['authenticate', 'password', ...flags, '-keyring-type', 'none', '-format', 'json'],
      { env: { ...world.deployment.env, ...side.clientEnv, PW: password } },
    );
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    side.api.token = JSON.parse(made.stdout).item.attributes.token;
  }

  /** A session through the worker of the side, made by any controller. */
  async function session(side: Side, api = side.api, more: Record<string, unknown> = {}) {
    const egress_worker_filter = `"/name" == "worker${side.name}"`;
    const target = await api.target(world.deployment.projectId, endpoint.port, {
      ...{ egress_worker_filter, session_connection_limit: -1 },
      ...more,
    });
    const { session_id, authorization_token } = await api.authorize(target.id);
    const { live, port } = await connect(world.deployment, authorization_token, side.clientEnv);
    return { id: session_id, live, transfer: await endpoint.start(port) };
  }

  const otherOf = (side: Side): Side => world.sides.find((other) => other !== side)!;

  test('the times that controllers store are those of the database; one line tells whose clock is off', async () => {
    const offs = await rows<{ off: number }>(
      world.db.executor,
      sql`select extract(epoch from clock_timestamp() - lease_renewed_time)::float8 as off from controllers`,
    );
    expect(offs).toHaveLength(3);
    // A renewal is due every 5 s.
    for (const { off } of offs) expect(Math.abs(off)).toBeLessThan(60);
    for (const { controller, seconds } of world.sides) {
      const told = [...controller.live.stderr.matchAll(/"database_ahead_seconds":(-?[\d.]+)/g)];
      expect(told.map(([, text]) => Math.round(Number(text) / 10) * 10)).toEqual([-seconds]);
    }
    expect(world.deployment.controller.stderr).not.toContain('database_ahead_seconds');
  });

  test('bytes go through; a cancellation by the other controller ends them', async () => {
    for (const side of world.sides) {
      const { id, live, transfer } = await session(side);
      await waitFor('bytes', () => transfer.moved() > 1 << 20);
      const whole = await transfer.finish();
      expect(whole.isRight).toBe(true);
      const second = await session(side, world.deployment.api);
      await waitFor('bytes', () => second.transfer.moved() > 1 << 16);
      const { version } = await otherOf(side).api.session(second.id);
      await otherOf(side).api.ok('POST', `/v1/sessions/${second.id}:cancel`, { version });
      await second.transfer.lost;
      const over = await side.api.sessionWhere(second.id, 'terminated', (found) => found.status === 'terminated');
      expect(over.connections[0]).toMatchObject({ cause: 'canceled' });
      const first = await side.api.sessionWhere(id, 'closed', (found) => found.connections?.[0]?.closed_reason);
      expect(first.connections[0]).toMatchObject({ bytes_up: String(whole.up), bytes_down: String(whole.down) });
      await Promise.all([live.stop(), second.live.stop()]);
    }
  });

  test('a session lives as long as it should, and says why it ends', async () => {
    // Long enough for a client to start on a busy machine.
    const seconds = 15;
    const sessions = await Promise.all(
      world.sides.map(async (side) => {
        const began = performance.now();
        return { side, began, ...(await session(side, otherOf(side).api, { session_max_seconds: seconds })) };
      }),
    );
    await Promise.all(
      sessions.map(async ({ side, id, live, transfer, began }) => {
        await transfer.lost;
        const lasted = performance.now() - began;
        // Not early. Late by minutes would be the fault; how busy this machine is does not matter.
        expect(lasted).toBeGreaterThan(seconds * 1_000 - 100);
        expect(lasted).toBeLessThan((SKEW_SECONDS / 5) * 1_000);
        const over = await side.api.sessionWhere(id, 'terminated', (found) => found.status === 'terminated');
        expect(over.connections[0]).toMatchObject({ cause: 'expired' });
        const { stdout, stderr } = await live.finished;
        expect(stdout + stderr).toContain('expired');
      }),
    );
  });

  test('a token made by one controller is good at the others', async () => {
    for (const { api } of world.sides) {
      for (const at of [world.deployment.api, ...world.sides.map((side) => side.api)]) {
        const asked = new Api(at.address);
        asked.token = api.token;
        expect((await asked.call('GET', '/v1/scopes?scope_id=global')).status).toBe(200);
      }
    }
  });

  test('no lease was lost, and no worker has attached anew', async () => {
    expect(await world.record()).toEqual(recordBefore);
  });

  test('certificates are renewed', async () => {
    for (const side of world.sides) {
      const { from, to } = await world.renewCertificate(side);
      const now = Date.now();
      expect(from).toBeLessThan(now - 60_000);
      expect(to).toBeGreaterThan(now + 23 * 3_600_000);
    }
    await waitFor('all attached', async () => (await attached()) === 3);
  });
});
