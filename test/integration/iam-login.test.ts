import { row, sql, transaction } from '../../services/controller/db/db';
import { waitFor } from '../harness/wait';
import { IDS, startIam, type Iam } from './iam-controller';

let iam: Iam;
let admin: string;

beforeAll(async () => {
  iam = await startIam();
  admin = await iam.login('admin');
});
afterAll(() => iam.close());

const READ = { id: IDS.admin };
const UNAUTHENTICATED = { kind: 'Unauthenticated', message: 'Unauthenticated, or invalid token.', status: 401 };

test('a login gives a token that works, and whose text is stored nowhere', async () => {
  expect(admin).toMatch(/^at_[0-9A-Za-z]{10}_s1[1-9A-HJ-NP-Za-km-z]{40,}$/);
  const { item } = await iam.call('UserService/GetUser', READ, admin);
  expect(item).toMatchObject({ id: IDS.admin, login_name: 'admin', primary_account_id: IDS.adminAccount });
  const secret = admin.split('_')[2]!;
  const stored = await row<{ found: boolean }>(
    iam.deps.db.executor,
    sql`select bool_or(position(${Buffer.from(secret)} in token) > 0) as found from auth_tokens`,
  );
  expect(stored).toEqual({ found: false });
});

test('the answer to a login has the fields that clients read', async () => {
  const attributes = { login_name: 'user', password: 'password' };
  const answer = await iam.call('AuthMethodService/Authenticate', {
    auth_method_id: IDS.method,
    type: 'token',
    attributes,
  });
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect(answer).toEqual({
    type: 'token',
    command: 'login',
    attributes: {
      id: expect.stringMatching(/^at_/),
      scope: { id: 'global', type: 'global' },
      token: expect.stringMatching(/^at_/),
      user_id: IDS.user,
      auth_method_id: IDS.method,
      account_id: 'acctpw_0987654321',
      created_time: time,
      updated_time: time,
      approximate_last_used_time: time,
      expiration_time: time,
    },
  });
});

test.each([
  ['wrong password', { login_name: 'admin', password: 'nope' }],
  ['unknown login name', { login_name: 'nobody', password: 'password' }],
  ['capitals in the login name', { login_name: 'Admin', password: 'password' }],
  ['10 kB of password', { login_name: 'admin', password: 'x'.repeat(10_000) }],
  ['10 kB of login name', { login_name: 'x'.repeat(10_000), password: 'x' }],
])('%s: the same refusal', async (_what, attributes) => {
  const refusal = await iam.refusal('AuthMethodService/Authenticate', { auth_method_id: IDS.method, attributes });
  expect(refusal).toEqual({ kind: 'Unauthenticated', message: 'Unable to authenticate.', status: 401 });
});

test('bad login requests name each field', async () => {
  const call = (request: object) =>
    iam.refusal('AuthMethodService/Authenticate', { auth_method_id: IDS.method, ...request });
  const fields = async (request: object) => (await call(request)).details?.request_fields;
  const required = 'This is a required field.';
  expect(await fields({})).toEqual([{ name: 'attributes', description: required }]);
  expect(await fields({ attributes: { password: '' } })).toEqual([
    { name: 'attributes.login_name', description: required },
    { name: 'attributes.password', description: required },
  ]);
  const unlike = [{ name: 'attributes', description: 'Attribute fields do not match the expected format.' }];
  expect(await fields({ attributes: { login_name: 'admin', password: 7 } })).toEqual(unlike);
  expect(await fields({ attributes: { login_name: 'admin', password: 'password', otp: '1' } })).toEqual(unlike);
  const attributes = { login_name: 'admin', password: 'password' };
  expect(await fields({ attributes, command: 'start' })).toEqual([
    { name: 'command', description: 'Invalid command for this auth method type.' },
  ]);
  expect(await fields({ attributes, type: 'x' })).toEqual([
    { name: 'type', description: 'The only accepted types are "token" and "cookie".' },
  ]);
  expect((await call({ auth_method_id: 'zzz', attributes })).status).toBe(400);
  expect((await call({ auth_method_id: 'ampw_AAAAAAAAAA', attributes })).status).toBe(404);
});

test('malformed, unknown, changed and foreign tokens make anonymous callers', async () => {
  const [, id, secret] = admin.split('_') as [string, string, string];
  const other = await iam.login('user');
  for (const token of [
    undefined,
    '',
    'x',
    'at_x_y',
    `at_${id}`,
    `at_${id}_`,
    `at_AAAAAAAAAA_${secret}`,
    `${admin}x`,
    `at_${id}_${other.split('_')[2]!}`,
    `at_${id}_${'1'.repeat(10_000)}`,
  ]) {
    expect(await iam.refusal('UserService/GetUser', READ, token)).toEqual(UNAUTHENTICATED);
  }
});

test('a token lives 24 hours without use and 7 days at most, and is deleted when it comes too late', async () => {
  const hour = 3_600_000;
  const tokens = await iam.login('admin');
  const id = tokens.slice(0, 13);
  const used = async () =>
    (
      await row<{ at: Date }>(
        iam.deps.db.executor,
        sql`select approximate_last_used_time as at from auth_tokens where id = ${id}`,
      )
    )?.at;
  const first = await used();
  iam.clock.forward(5 * 60_000);
  await iam.call('UserService/GetUser', READ, tokens);
  expect(await used()).toEqual(first);
  iam.clock.forward(6 * 60_000);
  await iam.call('UserService/GetUser', READ, tokens);
  expect(await used()).toEqual(iam.clock.now());
  for (let day = 0; day < 6; day++) {
    iam.clock.forward(23 * hour);
    await iam.call('UserService/GetUser', READ, tokens);
  }
  iam.clock.forward(23 * hour);
  await iam.call('UserService/GetUser', READ, tokens);
  iam.clock.forward(8 * hour);
  expect(await iam.refusal('UserService/GetUser', READ, tokens)).toEqual(UNAUTHENTICATED);
  expect(await used()).toBeUndefined();

  const idle = await iam.login('admin');
  iam.clock.forward(24 * hour);
  expect(await iam.refusal('UserService/GetUser', READ, idle)).toEqual(UNAUTHENTICATED);
  admin = await iam.login('admin');
});

test('a request with a token costs one statement for token and grants', async () => {
  await iam.call('UserService/GetUser', READ, admin);
  iam.statements.length = 0;
  await iam.call('UserService/GetUser', READ, admin);
  const authorization = iam.statements.filter((text) => /auth_tokens|role_grants/.test(text));
  expect(authorization).toHaveLength(1);
  expect(iam.statements.length).toBeLessThanOrEqual(3);
});

/**
 * Two logins whose transactions certainly meet: both are held at the account's row, then let go.
 */
async function loginsAtOnce(name: string): Promise<string[]> {
  const { db } = iam.deps;
  let logins: Promise<string[]> | undefined;
  await transaction(db, iam.clock.now(), async (tx) => {
    await row(
      tx,
      sql`select 1 from password_accounts p join accounts a on a.id = p.id where p.login_name = ${name} for update of a`,
    );
    logins = Promise.all([iam.login(name, 'passpass'), iam.login(name, 'passpass')]);
    await waitFor('both logins to wait', async () => {
      const waiting = await row<{ n: number }>(
        db.executor,
        sql`select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting?.n === 2;
    });
  });
  return logins!;
}

test('the first login through the primary auth method makes a user, once; through another one it is refused', async () => {
  const account = async (auth_method_id: string, login_name: string) =>
    (
      await iam.call(
        'AccountService/CreateAccount',
        { item: { auth_method_id, attributes: { login_name, password: 'passpass' } } },
        admin,
      )
    ).item;
  await account(IDS.method, 'newcomer');
  const tokens = await loginsAtOnce('newcomer');
  const list = await iam.call('AuthTokenService/ListAuthTokens', { scope_id: 'global', page_size: 100 }, admin);
  const made = list.items.filter((t: any) => tokens.some((token) => token.startsWith(t.id)));
  expect(made).toHaveLength(2);
  const [{ user_id: id }] = made;
  expect(made[1].user_id).toBe(id);
  expect((await iam.call('UserService/GetUser', { id }, admin)).item).toMatchObject({
    login_name: 'newcomer',
    scope_id: 'global',
  });

  const second = await iam.call(
    'AuthMethodService/CreateAuthMethod',
    { item: { scope_id: 'global', type: 'password' } },
    admin,
  );
  await account(second.item.id, 'stranger');
  const attributes = { login_name: 'stranger', password: 'passpass' };
  expect(await iam.refusal('AuthMethodService/Authenticate', { auth_method_id: second.item.id, attributes })).toEqual({
    kind: 'NotFound',
    message: 'Unable to find requested resource.',
    status: 404,
  });
});

test('after ten wrong passwords from an address a login name waits, whether or not it exists; success resets', async () => {
  iam.from = '192.0.2.1';
  for (const login_name of ['user', 'no-such-name']) {
    const attempt = (password: string) =>
      iam.refusal('AuthMethodService/Authenticate', {
        auth_method_id: IDS.method,
        attributes: { login_name, password },
      });
    for (let i = 0; i < 10; i++) expect((await attempt('wrong')).status).toBe(401);
    expect(await attempt('password')).toMatchObject({
      status: 429,
      message: 'Too many failed attempts in a row. Try again in 1 s.',
    });
    iam.clock.forward(1_000);
  }
  await iam.login('user');
  const attributes = { login_name: 'user', password: 'wrong' };
  expect((await iam.refusal('AuthMethodService/Authenticate', { auth_method_id: IDS.method, attributes })).status).toBe(
    401,
  );
  await iam.login('user');
}, 60_000);

test('every decision leaves an audit event', async () => {
  iam.audit.length = 0;
  await iam.call('UserService/GetUser', READ, admin);
  await iam.refusal('UserService/GetUser', READ);
  expect(iam.audit).toMatchObject([
    {
      user_id: IDS.admin,
      action: 'read',
      resource: { type: 'user', id: IDS.admin, scopeId: 'global' },
      allowed: true,
      reason: expect.stringContaining('ids=*;type=*;actions=*'),
    },
    { user_id: 'u_anon', action: 'read', allowed: false, reason: 'no grant allows it' },
  ]);
  expect(JSON.stringify(iam.audit)).not.toContain(admin.split('_')[2]!);
});

test('tokens: everybody reads and deletes their own, the admin all', async () => {
  const [own, foreign] = [await iam.login('user'), await iam.login('admin')];
  const get = (id: string, token?: string) => iam.call('AuthTokenService/GetAuthToken', { id: id.slice(0, 13) }, token);
  const read = await get(own, own);
  expect(read.item.authorized_actions).toEqual(['read:self', 'delete:self']);
  expect(read.item.token).toBeUndefined();
  const forbidden = { kind: 'PermissionDenied', message: 'Forbidden.', status: 403 };
  expect(await iam.refusal('AuthTokenService/GetAuthToken', { id: foreign.slice(0, 13) }, own)).toEqual(forbidden);
  expect(await iam.refusal('AuthTokenService/DeleteAuthToken', { id: foreign.slice(0, 13) }, own)).toEqual(forbidden);
  expect(await iam.refusal('AuthTokenService/GetAuthToken', { id: own.slice(0, 13) })).toEqual(UNAUTHENTICATED);
  const listed = await iam.call('AuthTokenService/ListAuthTokens', { scope_id: 'global' }, own);
  expect(new Set(listed.items.map((t: any) => t.user_id))).toEqual(new Set([IDS.user]));
  await get(own, foreign);
  await iam.call('AuthTokenService/DeleteAuthToken', { id: own.slice(0, 13) }, own);
  expect(await iam.refusal('AuthTokenService/GetAuthToken', { id: own.slice(0, 13) }, own)).toMatchObject({
    status: 404,
  });
  expect(await iam.refusal('UserService/GetUser', READ, own)).toEqual(UNAUTHENTICATED);
});

test('deleting the account ends its tokens', async () => {
  const { item } = await iam.call(
    'AccountService/CreateAccount',
    { item: { auth_method_id: IDS.method, attributes: { login_name: 'gone', password: 'passpass' } } },
    admin,
  );
  const token = await iam.login('gone', 'passpass');
  await iam.call('AccountService/GetAccount', { id: item.id }, token);
  await iam.call('AccountService/DeleteAccount', { id: item.id }, admin);
  expect(await iam.refusal('UserService/GetUser', READ, token)).toEqual(UNAUTHENTICATED);
});

test('a password that is set ends the tokens of the account and of logins under way; a changed one keeps them unless asked', async () => {
  const item = { auth_method_id: IDS.method, attributes: { login_name: 'reset', password: 'passpass' } };
  const { id, attributes } = (await iam.call('AccountService/CreateAccount', { item }, admin)).item;
  const mayCall = (token: string): Promise<boolean> =>
    iam.call('UserService/ListUsers', { scope_id: 'global' }, token).then(
      () => true,
      (error: { kind: string }) => error.kind === 'PermissionDenied',
    );
  const own = await iam.login(attributes.login_name, 'passpass');
  expect(await mayCall(own)).toBe(true);
  const change = { id, version: 1, current_password: 'passpass', new_password: 'another-one' };
  await iam.call('AccountService/ChangePassword', change, own);
  expect(await mayCall(own)).toBe(true);
  const other = await iam.login(attributes.login_name, 'another-one');
  const ending = { id, version: 2, current_password: 'another-one', new_password: 'one-more', end_other_tokens: true };
  await iam.call('AccountService/ChangePassword', ending, own);
  expect([await mayCall(own), await mayCall(other)]).toEqual([true, false]);
  await iam.call('AccountService/SetPassword', { id, version: 3, password: 'a-third-one' }, admin);
  expect(await mayCall(own)).toBe(false);

  // The old password was right when it was looked at, and is none any more when the token is to be
  // made.
  const { db, clock } = iam.deps;
  let late: Promise<unknown> | undefined;
  await transaction(db, clock.now(), async (tx) => {
    await sql`update accounts set version = version + 1 where id = ${id}`.execute(tx);
    await sql`update password_accounts set password_hash = password_hash || 'x' where id = ${id}`.execute(tx);
    late = iam.login(attributes.login_name, 'a-third-one').catch((error: unknown) => error);
    await waitFor('the login to wait', async () => {
      const waiting = await row<{ n: number }>(
        db.executor,
        sql`select count(*)::int as n from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting?.n === 1;
    });
  });
  expect(await late).toMatchObject({ kind: 'Unauthenticated' });
});
