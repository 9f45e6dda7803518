/** Each rule of the schema of sessions and workers, broken once. */
import { databaseError, rows, sql, transaction, type RawBuilder } from '../db/db';
import { authorizeConnection } from './connections.store';
import {
  at,
  createSession,
  createWorld,
  newConnectionId,
  NOW,
  sessionFacts,
  statesOf,
  TARGET,
  TOKEN,
  USER,
  WORKER,
  type World,
} from './sessions.fixture';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Runs a statement in a transaction of its own and answers the constraint that it broke. */
async function broken(statement: RawBuilder<unknown>): Promise<string | undefined> {
  try {
    await transaction(world.db, at(1_000), (tx) => statement.execute(tx));
    return 'nothing';
  } catch (error) {
    return databaseError(error)?.constraint ?? String(error);
  }
}

const change = (id: string, set: RawBuilder<unknown>) => broken(sql`update sessions set ${set} where id = ${id}`);
const move = (id: string, status: string, more = sql``) =>
  change(id, sql`status = ${status}, status_time = ${at(2_000)}${more}`);

async function connect(sessionId: string, id = newConnectionId()): Promise<string> {
  const answer = await authorizeConnection(world.db.executor, {
    sessionId,
    connectionId: id,
    workerId: WORKER,
    bootId: 'boot',
    tofuHmac: world.tofuHmac('x'),
    clientAddress: '127.0.0.1',
    clientPort: 1234,
    now: at(500),
  });
  expect(answer).toHaveProperty('allowed');
  return id;
}

describe('states', () => {
  const legal = [
    ['pending', 'active'],
    ['pending', 'canceling'],
    ['pending', 'terminated'],
    ['active', 'canceling'],
    ['active', 'terminated'],
    ['canceling', 'terminated'],
  ];
  const all = ['pending', 'active', 'canceling', 'terminated'];
  const set = (status: string) =>
    status === 'terminated'
      ? sql`, termination_reason = 'canceled'`
      : status === 'active'
        ? sql`, tofu_hmac = 'x'`
        : sql``;

  test.each(all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const)))(
    '%s to %s',
    async (from, to) => {
      const id = await createSession(world);
      if (from !== 'pending') expect(await move(id, from, set(from))).toBe('nothing');
      const undo = from === 'terminated' ? sql`, termination_reason = null` : sql``;
      const allowed = legal.some(([a, b]) => a === from && b === to);
      expect(await move(id, to, sql`${set(to)}${undo}`)).toBe(allowed ? 'nothing' : 'session_state_only_advances');
      expect((await sessionFacts(world, id)).status).toBe(allowed ? to : from);
    },
  );

  test('a session starts pending, with all its parents', async () => {
    const copy = (changes: string) => sql`insert into sessions select (jsonb_populate_record(r, ${changes}::jsonb)).*
      from sessions r where id = (select id from sessions where status = 'pending' limit 1)`;
    await createSession(world);
    expect(await broken(copy('{"id":"s_aaaaaaaaaa","status":"canceling"}'))).toBe('session_starts_pending');
    expect(await broken(copy('{"id":"s_aaaaaaaaaa","user_id":null}'))).toBe('session_starts_with_its_parents');
    expect(await broken(copy('{"id":"x_aaaaaaaaaa"}'))).toBe('session_id_has_its_form');
    expect(await broken(copy('{"id":"s_aaaaaaaaaa","expiration_time":"2000-01-01T00:00:00Z"}'))).toBe(
      'session_expires_after_its_creation',
    );
  });

  test('each state is entered once, after its prior, for longer than nothing', async () => {
    const id = await createSession(world);
    const add = (status: string, prior: string | null, start: Date) =>
      broken(sql`insert into session_states (session_id, status, prior_status, start_time)
        values (${id}, ${status}, ${prior}, ${start})`);
    expect(await add('pending', null, NOW)).toBe('session_enters_a_state_once');
    expect(await add('pending', 'active', NOW)).toBe('session_state_follows_a_legal_one');
    expect(await add('active', null, NOW)).toBe('session_state_follows_a_legal_one');
    expect(await add('active', 'pending', at(77))).toBe('session_state_starts_when_its_prior_ends');
    expect(await move(id, 'canceling')).toBe('nothing');
    expect(await add('active', 'pending', at(2_000))).toBe('session_state_has_one_successor');
    const end = (time: Date) =>
      broken(sql`update session_states set end_time = ${time} where session_id = ${id} and status = 'canceling'`);
    expect(await end(at(2_000))).toBe('session_state_range_is_not_empty');
  });

  test('ranges meet, even when a clock lags or stands still', async () => {
    const id = await createSession(world);
    await change(id, sql`status = 'canceling', status_time = ${at(-60_000)}`);
    await change(id, sql`status = 'terminated', termination_reason = 'canceled', status_time = ${at(-60_000)}`);
    const states = await rows<{ ok: boolean }>(
      world.db.executor,
      sql`select coalesce(end_time = lead(start_time) over (order by start_time), end_time is null)
            and coalesce(end_time > start_time, true) as ok from session_states where session_id = ${id}`,
    );
    expect(states).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(await statesOf(world, id)).toEqual(['pending', 'canceling', 'terminated']);
    expect((await sessionFacts(world, id)).version).toBe(3);
  });
});

describe('sessions', () => {
  test('terminated and its reason go together', async () => {
    const id = await createSession(world);
    expect(await move(id, 'terminated')).toBe('terminated_session_has_a_reason');
    expect(await change(id, sql`termination_reason = 'canceled'`)).toBe('terminated_session_has_a_reason');
    expect(await move(id, 'terminated', sql`, termination_reason = 'boredom'`)).toBe('termination_reason_is_known');
  });

  test('counters keep to the limits', async () => {
    const id = await createSession(world);
    expect(await change(id, sql`made = 1`)).toBe('pending_session_has_no_client');
    expect(await move(id, 'active')).toBe('active_session_has_a_client');
    await connect(id);
    expect(await change(id, sql`open = -1`)).toBe('open_is_not_negative');
    expect(await change(id, sql`made = -1, open = -2`)).toMatch(/is_not_negative|were_made/);
    expect(await change(id, sql`open = 2`)).toBe('open_connections_were_made');
    expect(await move(id, 'terminated', sql`, termination_reason = 'canceled'`)).toBe(
      'terminated_session_has_no_open_connection',
    );
  });

  test('what was agreed on stays', async () => {
    const id = await createSession(world);
    for (const set of [
      sql`certificate = 'x'`,
      sql`expiration_time = ${at(9_999_999)}`,
      sql`connection_limit = 7`,
      sql`concurrent_connection_limit = 7`,
      sql`endpoint = 'tcp://x:1'`,
      sql`created_time = ${at(1)}`,
      sql`private_key = 'x'`,
    ]) {
      expect(await change(id, set)).toBe('fixed_after_creation');
    }
  });

  test.each([
    ['target', sql`delete from targets where id = ${TARGET}`],
    ['auth token', sql`delete from auth_tokens where id = ${TOKEN}`],
    ['user', sql`delete from users where id = ${USER}`],
    ['project', sql`delete from scopes where id = 'p_1234567890'`],
    ['org', sql`delete from scopes where id = 'o_1234567890'`],
    ['account', sql`delete from accounts where id = 'acctpw_1234567890'`],
    ['address', sql`update targets set address = null where id = ${TARGET}`],
  ])('losing its %s ends a session by policy', async (_, statement) => {
    const other = await createWorld();
    try {
      const id = await createSession(other);
      await transaction(other.db, at(3_000), (tx) => statement.execute(tx));
      expect(await sessionFacts(other, id)).toMatchObject({ status: 'canceling', ended_by: 'policy', version: 2 });
    } finally {
      await other.close();
    }
  });

  test('another address leaves it alone', async () => {
    const id = await createSession(world);
    await transaction(world.db, at(1), (tx) =>
      sql`update targets set address = '127.0.0.2' where id = ${TARGET}`.execute(tx),
    );
    expect(await sessionFacts(world, id)).toMatchObject({ status: 'pending', version: 1 });
  });
});

describe('connections', () => {
  test('need an active session', async () => {
    const id = await createSession(world);
    const add = (connection: string) =>
      broken(sql`insert into session_connections (id, session_id, worker_id, boot_id, client_address, client_port, created_time)
        values (${connection}, ${id}, ${WORKER}, 'b', '127.0.0.1', 1, ${NOW})`);
    expect(await add(newConnectionId())).toBe('connection_needs_an_active_session');
    expect(await add('x')).toBe('connection_id_has_its_form');
  });

  test('bytes neither fall nor are negative; a close says who and why', async () => {
    const session = await createSession(world);
    const id = await connect(session);
    const set = (what: RawBuilder<unknown>) => broken(sql`update session_connections set ${what} where id = ${id}`);
    expect(await set(sql`bytes_up = 10, bytes_down = 5`)).toBe('nothing');
    expect(await set(sql`bytes_up = 9`)).toBe('bytes_never_fall');
    expect(await set(sql`bytes_down = 4`)).toBe('bytes_never_fall');
    expect(await set(sql`closed_time = ${NOW}`)).toBe('closed_connection_says_who_and_why');
    expect(await set(sql`closed_time = ${NOW}, closed_reason = 'unknown', closed_by = 'client', cause = 'fin'`)).toBe(
      'closed_reason_is_known',
    );
    expect(await set(sql`endpoint_port = 70000`)).toBe('endpoint_port_is_a_port');
    expect(await set(sql`client_address = 'elsewhere'`)).toBe('fixed_after_creation');
    expect(
      await broken(sql`insert into session_connections (id, session_id, boot_id, client_address, client_port, created_time, bytes_up)
        values (${newConnectionId()}, ${session}, 'b', '127.0.0.1', 1, ${NOW}, -1)`),
    ).toBe('bytes_up_is_not_negative');
  });

  test('closed is final, but for one amendment of a lost one', async () => {
    const session = await createSession(world);
    const close = (reason: string, cause: string) =>
      sql`closed_time = ${NOW}, closed_reason = ${reason}, closed_by = 'client', cause = ${cause}`;
    const first = await connect(session);
    const set = (id: string, what: RawBuilder<unknown>) =>
      broken(sql`update session_connections set ${what} where id = ${id}`);
    await set(first, close('closed by end-user', 'fin'));
    expect(await set(first, sql`bytes_up = 1000`)).toBe('closed_connection_is_final');
    expect(await set(first, sql`cause = 'rst'`)).toBe('closed_connection_is_final');
    const second = await connect(session);
    await set(second, close('system error', 'worker lost'));
    expect(await set(second, sql`bytes_up = 7`)).toBe('closed_connection_is_final');
    expect(await set(second, sql`amended = true, bytes_final = true, bytes_up = 7, cause = 'fin'`)).toBe('nothing');
    expect(await set(second, sql`bytes_up = 8`)).toBe('closed_connection_is_final');
  });
});

describe('workers', () => {
  test('names are lower case and unique, the scope is global, one CA per slot', async () => {
    const add = (columns: string, ...values: unknown[]) =>
      broken(sql`insert into workers (id, created_time, updated_time, ${sql.raw(columns)})
        values ('w_aaaaaaaaaa', ${NOW}, ${NOW}, ${sql.join(values)})`);
    expect(await add('name', 'Worker')).toBe('worker_name_is_lower_case');
    expect(await add('name', 'worker')).toBe('worker_name_is_unique');
    expect(await add('scope_id', 'p_1234567890')).toBe('worker_scope_is_global');
    expect(await add('api_tags', '[]')).toBe('api_tags_are_an_object');
    const authority = (
      slot: string,
    ) => sql`insert into ca_certificates (slot, certificate, private_key, key_id, created_time)
      select ${slot}, certificate, private_key, key_id, created_time from ca_certificates limit 1`;
    expect(await broken(authority('third'))).toBe('ca_slot_is_known');
    expect(await broken(authority('next'))).toBe('ca_certificates_pkey');
    expect(await broken(sql`insert into deployment (id, created_time) values ('x', ${NOW})`)).toBe('deployment_pkey');
  });
});
