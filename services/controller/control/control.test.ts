/**
 * Enrollment and control streams over the real cluster port, with a gRPC client that speaks as a
 * worker.
 */
import { status } from '@grpc/grpc-js';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { newTofuToken } from '../../../lib/contract/session-protocol';
import { createCertificateRequest } from '../../../lib/tls/certificates';
import { newEd25519 } from '../../../lib/tls/keys';
import { waitFor } from '../../../test/harness/wait';
import { row, rows, sql, transaction } from '../db/db';
import { expireControllers } from '../tasks/session-tasks';
import {
  createSession,
  createWorld,
  newConnectionId,
  setTarget,
  sessionFacts,
  WORKER,
  type World,
} from '../sessions/sessions.fixture';
import { loadAuthority, type DeploymentAuthority } from '../workers/authority';
import { ACTIVATION_TOKEN_LIFETIME_MS, enroll } from '../workers/enrollment';
import { proofOf } from '../../../test/harness/proofs';
import { candidates, retireWorker } from '../workers/workers.store';
import {
  clusterOf,
  enrolled,
  enrollWith,
  newActivationToken,
  startPart,
  TestWorker,
  TOFU,
  type Keys,
  type Part,
} from './control.fixture';

let world: World;
let authority: DeploymentAuthority;
let first: Part;

beforeAll(async () => {
  world = await createWorld(new Date());
  authority = await loadAuthority(world.db.executor, world.kms);
  first = await startPart(world, authority, 'first');
});
afterAll(async () => {
  await first.close();
  await world.close();
});

const cluster = (part: Part = first) => clusterOf(part, authority);
const token = (now = new Date()) => newActivationToken(world, authority, now);
const enrolledKeys = () => enrolled(world, authority, first);
const cause = (id: string) =>
  row<{ cause: string | null; bytes_up: bigint; bytes_final: boolean }>(
    world.db.executor,
    sql`select cause, bytes_up, bytes_final from session_connections where id = ${id}`,
  );

describe('enrollment', () => {
  test('a token works once and certifies the key for that worker', async () => {
    const text = await token();
    expect(text).toMatch(/^neslat_[1-9A-HJ-NP-Za-km-z]+$/);
    const key = newEd25519();
    const answer = await enrollWith(cluster(), text, key);
    const certificate = new X509Certificate(answer.certificate);
    expect(answer.worker_id).toBe(WORKER);
    expect(certificate.subjectAltName).toBe(`URI:spiffe://${world.deploymentId}/worker/${WORKER}`);
    expect(certificate.publicKey.equals(createPublicKey(key))).toBe(true);
    expect(certificate.verify(new X509Certificate(answer.ca_certificates[0]!).publicKey)).toBe(true);
    expect(answer.ca_certificates).toHaveLength(2);
    expect(Date.now() - new Date(certificate.validFrom).getTime()).toBeGreaterThan(9 * 60_000);
    await expect(enrollWith(cluster(), text)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });

  test('nothing stored would let a reader enroll', async () => {
    const text = await token();
    const stored = await rows(
      world.db.executor,
      sql`select id, encode(creation_time, 'escape') as t from worker_activation_tokens`,
    );
    expect(JSON.stringify(stored)).not.toContain(new Date().getUTCFullYear().toString() + '-');
    await expect(enrollWith(cluster(), `neslat_${(stored[0] as { id: string }).id}`)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    await enrollWith(cluster(), text);
  });

  test('an old token, a foreign one and a bad request are refused; a bad request leaves the token usable', async () => {
    const deps = { ...world, authority };
    const now = new Date();
    const text = await token(now);
    const request = { activation_token: text, certificate_request: await createCertificateRequest(newEd25519()) };
    await expect(enroll(deps, { ...request, certificate_request: Buffer.from('x') }, now)).rejects.toThrow('PKCS #10');
    await expect(enroll(deps, request, now)).resolves.toMatchObject({ workerId: WORKER });
    const old = new Date(now.getTime() - ACTIVATION_TOKEN_LIFETIME_MS - 1);
    await expect(enroll(deps, { ...request, activation_token: await token(old) }, now)).rejects.toThrow('expired');
    await expect(enroll(deps, { ...request, activation_token: 'neslat_111' }, now)).rejects.toThrow('malformed');
  });
});

describe('a stream', () => {
  test('needs a certificate of the deployment', async () => {
    const worker = new TestWorker(cluster(), { key: newEd25519(), certificate: undefined });
    worker.hello();
    await waitFor('refusal', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.UNAUTHENTICATED });
    await worker.close();
  });

  test('begins with Hello of a known version', async () => {
    const keys = await enrolledKeys();
    const rude = new TestWorker(cluster(), keys);
    rude.tell({ $case: 'heartbeat', value: {} });
    await waitFor('refusal', () => rude.ended);
    expect(rude.ended).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'the first message must be Hello' });
    const future = new TestWorker(cluster(), keys);
    future.hello({ protocol_version: 99 });
    await waitFor('refusal', () => future.ended);
    expect(future.ended!.details).toContain('version 1');
    const long = new TestWorker(cluster(), keys, 'x'.repeat(101));
    long.hello();
    await waitFor('refusal', () => long.ended);
    expect(long.ended!.details).toContain('boot_id');
    await Promise.all([rude.close(), future.close(), long.close()]);
  });

  test('puts the worker on record, without touching its version', async () => {
    const keys = await enrolledKeys();
    const worker = new TestWorker(cluster(), keys);
    const welcome = await worker.attach();
    expect(welcome).toMatchObject({
      worker_id: WORKER,
      controller_id: first.control.controllerId,
      heartbeat_seconds: 5,
    });
    expect(welcome.certificate_not_after!.getTime()).toBeGreaterThan(Date.now() + 20 * 3_600_000);
    expect(
      await row(
        world.db.executor,
        sql`select address, release_version, config_tags, version from workers where id = ${WORKER}`,
      ),
    ).toEqual({
      address: '10.1.2.3:9202',
      release_version: '0.1.0',
      config_tags: { type: ['dev', 'local'] },
      version: 1,
    });
    expect(await candidates(world.db.executor, new Date())).toMatchObject([{ id: WORKER }]);
    worker.tell({ $case: 'draining', value: { handed_over: false } });
    await waitFor('draining', async () => (await candidates(world.db.executor, new Date())).length === 0);
    await worker.close();
    await waitFor('detached', async () => !(await row(world.db.executor, sql`select 1 as x from worker_attachments`)));
  });

  test('a newer stream of the same worker takes over', async () => {
    const keys = await enrolledKeys();
    const older = new TestWorker(cluster(), keys);
    await older.attach();
    const newer = new TestWorker(cluster(), keys);
    await newer.attach();
    await waitFor('the end of the older', () => older.ended);
    expect(older.ended).toMatchObject({ code: status.ABORTED });
    expect(await candidates(world.db.executor, new Date())).toMatchObject([{ id: WORKER }]);
    await Promise.all([older.close(), newer.close()]);
  });

  test('renews the certificate for the worker of the stream', async () => {
    const keys = await enrolledKeys();
    const worker = new TestWorker(cluster(), keys);
    await worker.attach();
    const key = newEd25519();
    worker.tell({
      $case: 'renew_certificate',
      value: { request_id: 1n, certificate_request: await createCertificateRequest(key) },
    });
    const renewed = await worker.hear('renew_certificate');
    expect(renewed.error).toBe('');
    await worker.close();
    const again = new TestWorker(cluster(), { key, certificate: renewed.certificate });
    await again.attach();
    again.tell({ $case: 'renew_certificate', value: { request_id: 2n, certificate_request: Buffer.from('junk') } });
    expect((await again.hear('renew_certificate')).error).toBe('malformed certificate request');
    await again.close();
  });

  test('ends when the worker is deleted, and it cannot come back', async () => {
    const keys = await enrolledKeys();
    const worker = new TestWorker(cluster(), keys);
    await worker.attach();
    await transaction(world.db, new Date(), (tx) => sql`delete from workers where id = ${WORKER}`.execute(tx));
    await waitFor('the cut', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.PERMISSION_DENIED });
    const back = new TestWorker(cluster(), keys);
    back.hello();
    await waitFor('refusal', () => back.ended);
    expect(back.ended).toMatchObject({ code: status.PERMISSION_DENIED });
    await Promise.all([worker.close(), back.close()]);
    await putWorkerBack();
  });
});

const putWorkerBack = async () => {
  const now = new Date();
  await sql`insert into workers (id, name, created_time, updated_time) values (${WORKER}, 'worker', ${now}, ${now})`.execute(
    world.db.executor,
  );
};

/** Statements of this database that wait for a lock. */
const lockWaiters = async () =>
  Number(
    (await row<{ n: bigint }>(
      world.db.executor,
      sql`select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    ))!.n,
  );

const pushedBy = async (part: Part, by: string): Promise<number> => {
  const metric = await part.registry.getSingleMetric('sallyport_controller_session_pushes_total')!.get();
  return metric.values.find(({ labels }) => labels.by === by)!.value;
};

describe('a worker that is deleted', () => {
  test('first ends the connections it serves, while it can report them', async () => {
    const worker = new TestWorker(cluster(), await enrolledKeys());
    await worker.attach();
    const id = await createSession(world, new Date());
    const { connection_id } = await worker.authorize(id);
    expect(await retireWorker(world.db.executor, proofOf('worker', 'delete', WORKER))).toBe(true);
    const cancel = await worker.hear('cancel_session', (value) => value.session_id === id);
    expect(cancel).toMatchObject({ closed_by: 'admin' });
    expect(await candidates(world.db.executor, new Date())).toEqual([]);
    worker.closed(id, connection_id, 1n, { closed_by: 'admin', cause: 'canceled' });
    await worker.hear('connection_closed_ack');
    expect(await cause(connection_id)).toMatchObject({ cause: 'canceled', bytes_final: true });
    await worker.close();
    await waitFor('detached', async () => !(await row(world.db.executor, sql`select 1 as x from worker_attachments`)));
    expect(await retireWorker(world.db.executor, proofOf('worker', 'delete', WORKER))).toBe(false);
  });

  test('is cut off by the next pass when the notification was lost', async () => {
    const worker = new TestWorker(cluster(), await enrolledKeys());
    await worker.attach();
    await transaction(world.db, new Date(), async (tx) => {
      await sql`alter table workers disable trigger deleted_worker_is_cut_off`.execute(tx);
      await sql`delete from workers where id = ${WORKER}`.execute(tx);
      await sql`alter table workers enable trigger deleted_worker_is_cut_off`.execute(tx);
    });
    expect(worker.ended).toBeUndefined();
    await first.pushes.repeat();
    await waitFor('the cut', () => worker.ended);
    expect(worker.ended).toMatchObject({ code: status.PERMISSION_DENIED });
    await worker.close();
    await putWorkerBack();
  });
});

describe('sessions on a stream', () => {
  let keys: Keys;
  let worker: TestWorker;
  beforeAll(async () => {
    keys = await enrolledKeys();
  });
  beforeEach(async () => {
    worker = new TestWorker(cluster(), keys);
    await worker.attach();
  });
  afterEach(() => worker.close());

  const cancel = (id: string) =>
    transaction(world.db, new Date(), (tx) =>
      sql`update sessions set status = 'canceling', status_time = ${new Date()}, ended_by = 'admin' where id = ${id}`.execute(
        tx,
      ),
    );

  test('a new session is pushed with its key; a cancel follows at once', async () => {
    const id = await createSession(world, new Date());
    const grant = await worker.hear('session_grant', (value) => value.session_id === id);
    expect(grant.role).toMatchObject({
      $case: 'egress',
      value: { endpoint: 'tcp://127.0.0.1:5432', connection_limit: -1 },
    });
    expect(grant.role!.$case === 'egress' && grant.role!.value.private_key).toHaveLength(64);
    expect(Number(grant.expires_in_ms)).toBeGreaterThan(3_500_000);
    const { connection_id } = await worker.authorize(id);
    await cancel(id);
    expect(await worker.hear('cancel_session')).toEqual({ session_id: id, cause: 'canceled', closed_by: 'admin' });
    worker.closed(id, connection_id, 1n, { closed_by: 'admin', cause: 'canceled' });
    expect(await worker.hear('connection_closed_ack')).toEqual({ sequence: 1n });
    expect(await sessionFacts(world, id)).toMatchObject({
      status: 'terminated',
      termination_reason: 'canceled',
      open: 0,
    });
  });

  test('canceled without connections, it is terminated at once', async () => {
    const id = await createSession(world, new Date());
    await cancel(id);
    await waitFor('termination', async () => (await sessionFacts(world, id)).status === 'terminated');
  });

  test('a connection: one request, one answer, one statement', async () => {
    const id = await createSession(world, new Date());
    world.statements.length = 0;
    const answer = await worker.authorize(id);
    expect(world.statements.filter((text) => text.includes('session_connections'))).toHaveLength(1);
    expect(answer).toMatchObject({ refused: '', connections_left: -1 });
    expect(await worker.authorize(id, { tofu_token: newTofuToken() })).toMatchObject({
      refused: 'tofu token not allowed',
      text: expect.stringContaining('another client'),
    });
    expect(await worker.authorize(id, { tofu_token: 'short' })).toMatchObject({ refused: 'tofu token not allowed' });
    expect(await worker.authorize(id, { connection_id: "sc_'; drop" })).toMatchObject({ refused: 'protocol error' });
    expect(await worker.authorize('s_0000000000')).toMatchObject({ refused: 'session not found' });
  });

  test('byte counts become visible while it is open', async () => {
    const id = await createSession(world, new Date());
    const { connection_id } = await worker.authorize(id);
    const stats = (bytes_up: bigint) => [
      { connection_id, bytes_up, bytes_down: 1n, endpoint_address: '127.0.0.1', endpoint_port: 5432 },
    ];
    worker.tell({ $case: 'connection_stats', value: { stats: stats(10n) } });
    worker.tell({ $case: 'connection_stats', value: { stats: stats(30n) } });
    worker.tell({ $case: 'connection_stats', value: { stats: stats(20n) } });
    await waitFor(
      'bytes',
      async () => (await cause(connection_id))?.bytes_up === 30n || (await cause(connection_id))?.bytes_up === 20n,
    );
    worker.closed(id, connection_id, 7n, { bytes_up: 33n, cause: 'nonsense of a later release' });
    expect(await worker.hear('connection_closed_ack')).toEqual({ sequence: 7n });
    expect(await cause(connection_id)).toEqual({ cause: 'protocol error', bytes_up: 33n, bytes_final: true });
  });

  test.each(['for update', 'for no key update'])(
    'a close that overtakes a slow authorization leaves no slot taken (session locked %s)',
    async (lock) => {
      const id = await createSession(world, new Date());
      const connection_id = newConnectionId();
      let answer!: ReturnType<TestWorker['authorize']>;
      await transaction(world.db, new Date(), async (tx) => {
        await sql`select 1 from sessions where id = ${id} ${sql.raw(lock)}`.execute(tx);
        answer = worker.authorize(id, { connection_id });
        await waitFor('the authorization to wait', async () => (await lockWaiters()) === 1);
        worker.closed(id, connection_id, 1n, {
          closed_by: 'worker',
          cause: 'controller unreachable',
          dial_failed: true,
        });
        if (lock === 'for update') await waitFor('the close to wait', async () => (await lockWaiters()) === 2);
        else await worker.hear('connection_closed_ack');
      });
      await answer;
      if (lock === 'for update') await worker.hear('connection_closed_ack');
      expect(await sessionFacts(world, id)).toMatchObject({ made: 0, open: 0 });
      expect(await cause(connection_id)).toMatchObject({ cause: 'controller unreachable', bytes_final: true });
      expect((await worker.authorize(id, { connection_id })).refused).not.toBe('');
      expect((await worker.authorize(id)).refused).toBe('');
      expect((await sessionFacts(world, id)).open).toBe(1);
    },
  );

  test('a connection put on record after the end of its process is given up', async () => {
    const id = await createSession(world, new Date());
    const { connection_id } = await worker.authorize(id);
    await sql`update workers set boot_id = 'boot-of-a-later-process' where id = ${WORKER}`.execute(world.db.executor);
    await expireControllers(world.db, new Date(), new Date());
    expect(await cause(connection_id)).toMatchObject({ cause: 'worker lost' });
    expect(await sessionFacts(world, id)).toMatchObject({ open: 0 });
  });

  test('reports that PostgreSQL cannot store as they are hold up no others', async () => {
    const id = await createSession(world, new Date());
    const [odd, poison, fine] = [await worker.authorize(id), await worker.authorize(id), await worker.authorize(id)];
    await sql`alter table session_connections add constraint no_poison check (error <> 'poison')`.execute(
      world.db.executor,
    );
    const stat = { bytes_up: 1n, bytes_down: 1n, endpoint_address: 'a\0b', endpoint_port: 70_000 };
    worker.tell({ $case: 'connection_stats', value: { stats: [{ ...stat, connection_id: odd.connection_id }] } });
    worker.closed(id, odd.connection_id, 1n, { error: `a\0b${'x'.repeat(496)}\u{1f600}`, endpoint_port: 70_000 });
    worker.closed(id, poison.connection_id, 2n, { error: 'poison' });
    worker.closed(id, fine.connection_id, 3n);
    await worker.hear('connection_closed_ack', ({ sequence }) => sequence === 3n);
    expect(await cause(odd.connection_id)).toMatchObject({ cause: 'fin', bytes_up: 5n });
    expect(await cause(poison.connection_id)).toMatchObject({ cause: null });
    expect(await cause(fine.connection_id)).toMatchObject({ cause: 'fin' });
    await sql`alter table session_connections drop constraint no_poison`.execute(world.db.executor);
  });

  test('a copy of a request is not carried out: a slot that was refused stays free', async () => {
    await setTarget(world, { concurrent: 1 });
    const id = await createSession(world, new Date());
    const first = await worker.authorize(id);
    const [connection_id, request_id] = [newConnectionId(), worker.nextId];
    const second = await worker.authorize(id, { connection_id });
    expect(second).toMatchObject({ refused: 'concurrent connection limit' });
    worker.closed(id, first.connection_id, 1n);
    await worker.hear('connection_closed_ack');
    const address = { client_address: '10.9.8.7', client_port: 50_000 };
    worker.tell({
      $case: 'authorize_connection',
      value: { request_id, session_id: id, tofu_token: TOFU, connection_id, ...address },
    });
    expect((await worker.authorize(id)).refused).toBe('');
    expect(
      await row(world.db.executor, sql`select 1 from session_connections where id = ${connection_id}`),
    ).toBeUndefined();
    await setTarget(world, {});
  });

  test('END by the bound client', async () => {
    const id = await createSession(world, new Date());
    await worker.authorize(id);
    const end = async (tofu_token: string) => {
      worker.tell({ $case: 'end_session', value: { request_id: worker.nextId++, session_id: id, tofu_token } });
      return (await worker.hear('end_session')).refused;
    };
    expect(await end(newTofuToken())).toBe('tofu token not allowed');
    expect(await end(TOFU)).toBe('');
    expect(await end(TOFU)).toBe('');
    expect(await worker.hear('cancel_session')).toMatchObject({ session_id: id, closed_by: 'client' });
  });

  test('a grant that was missed can be asked for; an ended session says why', async () => {
    const id = await createSession(world, new Date());
    const ask = async (session_id: string) => {
      worker.tell({ $case: 'get_grant', value: { request_id: worker.nextId++, session_id } });
      return worker.hear('get_grant');
    };
    expect((await ask(id)).grant).toMatchObject({ session_id: id });
    expect(await ask('s_0000000000')).toMatchObject({ grant: undefined, ended: undefined });
    await cancel(id);
    expect((await ask(id)).ended).toEqual({ session_id: id, cause: 'canceled', closed_by: 'admin' });
  });

  test('Hello is answered with what changed meanwhile', async () => {
    const lives = await createSession(world, new Date());
    const ends = await createSession(world, new Date());
    const one = await worker.authorize(lives);
    const two = await worker.authorize(ends);
    const closed = await worker.authorize(lives);
    worker.closed(lives, closed.connection_id, 1n);
    await worker.hear('connection_closed_ack');
    await worker.close();
    await cancel(ends);
    const connection = (connection_id: string) => ({ connection_id, bytes_up: 50n, bytes_down: 60n });
    const again = new TestWorker(cluster(), keys, worker.bootId);
    const welcome = await again.attach({
      sessions: [
        { session_id: lives, connections: [connection(one.connection_id), connection(closed.connection_id)] },
        { session_id: ends, connections: [connection(two.connection_id)] },
        { session_id: 's_0000000000', connections: [connection('sc_0000000000')] },
      ],
    });
    expect(welcome.unknown_connection_ids.sort()).toEqual([closed.connection_id, 'sc_0000000000'].sort());
    expect(welcome.cancel_sessions).toEqual([
      { session_id: ends, cause: 'canceled', closed_by: 'admin' },
      { session_id: 's_0000000000', cause: 'canceled', closed_by: 'controller' },
    ]);
    expect(welcome.grants.map((grant) => grant.session_id)).toContain(lives);
    expect(welcome.grants.map((grant) => grant.session_id)).not.toContain(ends);
    expect(await cause(one.connection_id)).toMatchObject({ cause: null, bytes_up: 50n });
    await again.close();
  });

  test('what changes while Hello is compared follows the Welcome', async () => {
    await worker.close();
    const late = new TestWorker(cluster(), keys);
    const id = await transaction(world.db, new Date(), async (tx) => {
      // Holds up the attachment where it writes what the worker says of itself.
      await sql`select 1 from workers where id = ${WORKER} for no key update`.execute(tx);
      late.hello();
      await waitFor('the stream', () => first.control.attachedWorkers().includes(WORKER));
      world.statements.length = 0;
      const made = await createSession(world, new Date());
      await waitFor('the push', () => world.statements.some((text) => text.includes('as worker_ids')));
      return made;
    });
    await waitFor('the grant', () =>
      late.heard.some((message) => message.$case === 'session_grant' && message.value.session_id === id),
    );
    expect(late.heard[0]!.$case).toBe('welcome');
    await late.close();
  });

  test('a new process of the worker has lost the connections of the old; a late close amends them once', async () => {
    const id = await createSession(world, new Date());
    const { connection_id } = await worker.authorize(id);
    const bootId = worker.bootId;
    await worker.close();
    const again = new TestWorker(cluster(), keys);
    await again.attach();
    expect(await cause(connection_id)).toMatchObject({ cause: 'worker lost', bytes_final: false });
    expect(await sessionFacts(world, id)).toMatchObject({ status: 'active', made: 1, open: 0 });
    again.closed(id, connection_id, 4n, { boot_id: bootId, bytes_up: 44n });
    await again.hear('connection_closed_ack');
    expect(await cause(connection_id)).toEqual({ cause: 'fin', bytes_up: 44n, bytes_final: true });
    expect(await sessionFacts(world, id)).toMatchObject({ made: 1, open: 0 });
    await again.close();
  });

  test('cancel reaches a worker at another controller; a cancel that was missed is repeated', async () => {
    const second = await startPart(world, authority, 'second');
    const elsewhere = new TestWorker(cluster(second), keys);
    try {
      await elsewhere.attach();
      const id = await createSession(world, new Date());
      await elsewhere.hear('session_grant', (value) => value.session_id === id);
      await elsewhere.authorize(id);
      await cancel(id);
      await elsewhere.hear('cancel_session', (value) => value.session_id === id);
      expect([await pushedBy(second, 'notify'), await pushedBy(second, 'repeat')]).toEqual([1, 0]);
      // Only what is a while ago counts as missed.
      await second.pushes.repeat();
      expect(await pushedBy(second, 'repeat')).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await second.pushes.repeat();
      expect(await pushedBy(second, 'repeat')).toBe(1);
      await elsewhere.hear('cancel_session', (value) => value.session_id === id);
    } finally {
      await elsewhere.close();
      await second.close();
    }
  });

  test('a listening connection that could not be set up is given up and made again', async () => {
    const { executor } = world.db;
    const listener = async () =>
      (
        await row<{ pid: number }>(
          executor,
          sql`select pid from pg_stat_activity
              where application_name = 'sallyport-pushes' and datname = current_database()`,
        )
      )?.pid;
    const before = await listener();
    // What is read after LISTEN waits for this transaction, and then fails although the connection
    // holds.
    const half = await transaction(world.db, new Date(), async (tx) => {
      await sql`alter table ca_certificates rename to ca_certificates_away`.execute(tx);
      await sql`select pg_terminate_backend(${before!}::integer)`.execute(executor);
      return waitFor('a connection', async () => {
        const pid = await listener();
        return pid !== before && pid;
      });
    });
    await waitFor('its end', async () => (await listener()) !== half);
    await sql`alter table ca_certificates_away rename to ca_certificates`.execute(executor);
    await waitFor('a new one', async () => {
      const id = await createSession(world, new Date());
      const isPushed = () => worker.heard.some((m) => m.$case === 'session_grant' && m.value.session_id === id);
      return waitFor('the push', isPushed, { timeoutMs: 300 }).catch(() => false as const);
    });
  });

  test('a broken listening connection is made again', async () => {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'sallyport-pushes' and datname = current_database()`.execute(world.db.executor);
    await waitFor('a new one', async () => {
      const id = await createSession(world, new Date());
      return waitFor(
        'the push',
        () => worker.heard.some((m) => m.$case === 'session_grant' && m.value.session_id === id),
        {
          timeoutMs: 300,
        },
      ).catch(() => false as const);
    });
  });
});
