/** authorize-session below the API: what it costs, and the choices it makes. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../lib/clock/clock';
import { hostOf } from '../../../lib/config/address';
import { decodeAuthorizationToken } from '../../../lib/transport/authorization-token';
import type { SessionGrant } from '../../../proto/gen/worker/control';
import { issueToken } from '../auth-tokens/tokens';
import { createAuthz } from '../authz/authorizer';
import { CONTROLLER_DEFAULTS } from '../config';
import type { ControllerLimits } from '../limits';
import { renewLease, attach } from '../control/control.store';
import { row, sql, transaction } from '../db/db';
import { createListTokens } from '../resources/list-token';
import { LOCAL_OUTGOING } from '../../../test/harness/outgoing';
import { waitFor } from '../../../test/harness/wait';
import { Work } from '../../../lib/limits/work';
import type { Op } from '../rpc/service';
import { createWorld, PROJECT, TARGET, USER, WORKER, type World } from '../sessions/sessions.fixture';
import { authorizeSession } from './authorize-session';
import { chooseEndpoint, chooseWorkers } from './authorize-session.choice';

let world: World;
let token: string;
let pushed: { workerIds: string[]; grant: SessionGrant }[];
const config = { ...CONTROLLER_DEFAULTS, name: 'test' };

beforeAll(async () => {
  const now = new Date();
  world = await createWorld(now);
  const login = {
    scope_id: 'global',
    user_id: USER,
    auth_method_id: 'ampw_1234567890',
    account_id: 'acctpw_1234567890',
  };
  token = await transaction(world.db, now, async (tx) => {
    await sql`insert into roles (id, scope_id, name, created_time, updated_time)
      values ('r_1234567890', ${PROJECT}, 'role', ${now}, ${now})`.execute(tx);
    await sql`insert into role_principals (role_id, user_id) values ('r_1234567890', ${USER})`.execute(tx);
    await sql`insert into role_grant_scopes (role_id, special) values ('r_1234567890', 'this')`.execute(tx);
    const grant = 'ids=*;type=target;actions=authorize-session';
    await sql`insert into role_grants (role_id, canonical, raw) values ('r_1234567890', ${grant}, ${grant})`.execute(
      tx,
    );
    return (await issueToken({ config, db: world.db, kms: world.kms }, tx, login, now)).text;
  });
  await hold(WORKER, '10.0.0.1:9202');
});
afterAll(() => world.close());
beforeEach(() => (pushed = []));

/** Puts a worker on record as attached. */
async function hold(workerId: string, address: string): Promise<void> {
  const now = new Date();
  await renewLease(world.db.executor, {
    controllerId: 'ctl_1',
    name: 'c',
    now,
    expiration: new Date(now.getTime() + 60_000),
  });
  await transaction(world.db, now, (tx) =>
    attach(tx, {
      workerId,
      controllerId: 'ctl_1',
      attachmentId: `att_${workerId}`,
      bootId: 'boot',
      drainingBootIds: [],
      goesOn: false,
      address,
      releaseVersion: '0.1.0',
      configTags: { type: ['dev'] },
      draining: false,
      now,
    }),
  );
}

function handler(limits: Partial<ControllerLimits> = {}) {
  const authz = createAuthz({ config, db: world.db, kms: world.kms, audit: () => {} });
  const control = {
    pushGrant: (workerIds: string[], grant: SessionGrant) => void pushed.push({ workerIds, grant }),
    ensureLease: () => Promise.resolve(),
    leasesExpiredBefore: () => new Date(),
  };
  const { db, kms, log } = world;
  const listTokens = createListTokens(Buffer.alloc(32));
  return authorizeSession({
    config: { ...config, limits: { ...config.limits, ...limits } },
    db,
    kms,
    authz,
    listTokens,
    outgoing: LOCAL_OUTGOING,
    clock: systemClock,
    log,
    control,
  });
}

const op = (): Op => ({
  id: randomUUID(),
  method: 'test',
  log: world.log,
  clock: systemClock,
  signal: new AbortController().signal,
  clientAddress: '127.0.0.1',
  token,
  work: new Work(100_000_000, 1_000_000),
});
const request = (id = TARGET) => ({ id, host_id: '', name: '', scope_id: '', scope_name: '' });

test('costs five statements, and the grant goes out without reading anything back', async () => {
  const authorize = handler();
  await authorize(op(), request());
  world.statements.length = 0;
  const { item } = await authorize(op(), request());
  // Target; token with grants; workers; session with its workers; rights taken away meanwhile.
  expect(world.statements).toHaveLength(5);
  expect(pushed.at(-1)).toMatchObject({ workerIds: [WORKER], grant: { session_id: item.session_id } });
  const stored = await row<{ key_id: string; private_key: Buffer }>(
    world.db.executor,
    sql`select key_id, private_key from sessions where id = ${item.session_id}`,
  );
  const key = await world.kms.decrypt(world.db.executor, stored!.key_id, stored!.private_key, {
    column: 'sessions.private_key',
    row: item.session_id!,
  });
  expect(key.equals(decodeAuthorizationToken(item.authorization_token!).private_key)).toBe(true);
});

test('a user with too many sessions is told which limit is in the way, and nothing is made or handed out', async () => {
  const count = async () => (await row<{ n: bigint }>(world.db.executor, sql`select count(*) as n from sessions`))!.n;
  const before = await count();
  const refused = handler({ sessions_pending_per_user: 1 })(op(), request());
  await expect(refused).rejects.toMatchObject({
    httpStatus: 429,
    message: expect.stringContaining('controller.limits.sessions_pending_per_user, 1') as string,
  });
  expect([await count(), pushed]).toEqual([before, []]);
});

test('a target that changes while a session is made gives the session its new values', async () => {
  const authorize = handler();
  let changed = (): void => undefined;
  const hasChanged = new Promise<void>((resolve) => (changed = resolve));
  const isAwaited = async (): Promise<boolean> =>
    (await row(
      world.db.executor,
      sql`select 1 as one from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    )) !== undefined;
  const change = transaction(world.db, new Date(), async (tx) => {
    await sql`update targets set default_port = 7777, version = version + 1 where id = ${TARGET}`.execute(tx);
    changed();
    await waitFor('the session to wait for the change', isAwaited);
  });
  await hasChanged;
  const { item } = await authorize(op(), request());
  await change;
  expect(item.endpoint).toBe('tcp://127.0.0.1:7777');
  expect(pushed).toHaveLength(1);
});

test('the less loaded of two workers comes first', async () => {
  const now = new Date();
  await sql`insert into workers (id, name, created_time, updated_time)
    values ('w_0000000002', 'second', ${now}, ${now})`.execute(world.db.executor);
  await hold('w_0000000002', '10.0.0.2:9202');
  const { item } = await handler()(op(), request());
  await transaction(world.db, now, async (tx) => {
    await sql`update sessions set status = 'active', status_time = ${now}, tofu_hmac = 'x', made = 1, open = 1
      where id = ${item.session_id}`.execute(tx);
    await sql`insert into session_connections (id, session_id, worker_id, boot_id, client_address, client_port, created_time)
      values ('sc_0000000001', ${item.session_id}, ${WORKER}, 'b', '127.0.0.1', 1, ${now})`.execute(tx);
  });
  for (let i = 0; i < 10; i++) {
    const order = await chooseWorkers(op(), world.db.executor, null, new Date());
    expect(order.map((worker) => worker.id)).toEqual(['w_0000000002', WORKER]);
  }
});

test('any pair of host and set has its chance; a wanted host is taken', () => {
  const endpoints = ['a', 'b', 'c'].map((id) => ({ address: id, host_id: `hst_${id}`, host_set_id: 'hsst_1' }));
  const seen = new Set(Array.from({ length: 200 }, () => chooseEndpoint(null, endpoints, '').address));
  expect([...seen].sort()).toEqual(['a', 'b', 'c']);
  expect(chooseEndpoint(null, endpoints, 'hst_b').address).toBe('b');
  expect(() => chooseEndpoint(null, endpoints, 'hst_x')).toThrow();
  expect(() => chooseEndpoint(null, [], '')).toThrow('No host sources or address found for given target.');
  expect(chooseEndpoint('direct', [], 'hst_x')).toEqual({ address: 'direct', host_id: null, host_set_id: null });
  expect(hostOf('[::1]:9202')).toBe('::1');
  expect(hostOf('w.test:9202')).toBe('w.test');
});

test.each([
  ['"/name" == "nobody"', 'Unavailable'],
  ['"/tags" == "x"', 'FailedPrecondition'],
  ['"/name" matches "("', 'FailedPrecondition'],
  ['"/tags/none" matches "("', 'Unavailable'],
  // Stored by a release that took it.
  [`"/tags/none" matches "${'x'.repeat(513)}"`, 'FailedPrecondition'],
])('a worker filter that leaves no worker: %s', async (filter, kind) => {
  await expect(chooseWorkers(op(), world.db.executor, filter, new Date())).rejects.toMatchObject({ kind });
});

test('anonymous callers cannot tell the name of a target or a scope that exists from another', async () => {
  const authorize = handler();
  const named = (name: string, scope: object) =>
    authorize({ ...op(), token: undefined }, { ...request(name), name, ...scope }).catch((error: Error) => error);
  const outcomes = await Promise.all([
    named('target', { scope_id: PROJECT }),
    named('nothing', { scope_id: PROJECT }),
    named('target', { scope_name: 'project' }),
    named('target', { scope_name: 'nowhere' }),
  ]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'Unauthenticated', httpStatus: 401 });
  // A random id tells nothing about a name.
  const missing = authorize({ ...op(), token: undefined }, request('ttcp_0000000000'));
  await expect(missing).rejects.toMatchObject({ kind: 'NotFound' });
});
