/**
 * Who is slowed down by wrong passwords, and who is not: with two controllers on one database,
 * through the API.
 */
import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { FREE_FAILURES } from '../../services/controller/auth-methods/login-limits';
import { tokenHash } from '../../services/controller/auth-tokens/known-tokens';
import { changed, rows, sql } from '../../services/controller/db/db';
import { purge } from '../../services/controller/tasks/session-tasks';
import { IDS, startIam, type Iam } from './iam-controller';

let iam: Iam;
let admin: string;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

beforeAll(async () => {
  iam = await startIam();
  admin = await iam.login('admin');
});
afterAll(() => iam.close());

/** A new account; its password is `passpass`. */
async function account(): Promise<{ id: string; login_name: string }> {
  iam.from = '127.0.0.1';
  const login_name = randomBytes(8).toString('hex');
  const attributes = { login_name, password: 'passpass' };
  const item = { auth_method_id: IDS.method, attributes };
  return { id: (await iam.call('AccountService/CreateAccount', { item }, admin)).item.id, login_name };
}

const refusal = (login_name: string, password = 'wrong', from = iam.from) => {
  iam.from = from;
  const attributes = { login_name, password };
  return iam.refusal('AuthMethodService/Authenticate', { auth_method_id: IDS.method, attributes });
};
const login = (login_name: string, from = iam.from): Promise<string> => {
  iam.from = from;
  return iam.login(login_name, 'passpass');
};
const networksOf = (id: string) =>
  rows<{ network: Buffer }>(
    iam.deps.db.executor,
    sql`select network from login_networks where account_id = ${id} order by last_login_time`,
  );

test('wrong passwords of a stranger keep out neither the owner nor others, only the stranger', async () => {
  const { login_name } = await account();
  await login(login_name, '192.0.2.1');
  for (let i = 0; i < FREE_FAILURES; i++) expect((await refusal(login_name, 'wrong', '198.51.100.1')).status).toBe(401);
  expect((await refusal(login_name, 'passpass')).status).toBe(429);
  await login(login_name, '192.0.2.1');
  await login(login_name, '192.0.2.2');
}, 60_000);

test('that an address has succeeded before is known to all controllers, and after a restart', async () => {
  const { login_name } = await account();
  await login(login_name, '2001:db8::1');
  const other = await startIam(iam);
  const attempt = (password: string) => {
    const attributes = { login_name, password };
    return other.refusal('AuthMethodService/Authenticate', { auth_method_id: IDS.method, attributes });
  };
  for (const stranger of ['198.51.100.1', '198.51.100.2']) {
    other.from = stranger;
    for (let i = 0; i < FREE_FAILURES; i++) await attempt('wrong');
  }
  expect((await attempt('passpass')).status).toBe(429);
  // From another address the attempt would have to wait for its turn.
  other.from = '2001:db8:0:0:1::2';
  await other.login(login_name, 'passpass');
  await other.close();
}, 60_000);

test('150 logins of one address at once all succeed', async () => {
  const { login_name } = await account();
  // Cheap to check, so that the test takes seconds.
  const password_hash = await hash('passpass', { memoryCost: 8, timeCost: 1 });
  await changed(
    iam.deps.db.executor,
    sql`update password_accounts set password_hash = ${password_hash} where login_name = ${login_name}`,
  );
  iam.from = '192.0.2.3';
  const tokens = await Promise.all(Array.from({ length: 150 }, () => login(login_name)));
  expect(new Set(tokens).size).toBe(150);
}, 60_000);

test('guessing the current password with a token slows down no login', async () => {
  const { id, login_name } = await account();
  const change = (current_password: string) =>
    iam.refusal(
      'AccountService/ChangePassword',
      { id, version: 1, current_password, new_password: 'new-password' },
      admin,
    );
  for (let i = 0; i < FREE_FAILURES; i++) expect((await change('wrong')).status).toBe(403);
  expect((await change('passpass')).status).toBe(429);
  await login(login_name);
}, 60_000);

test('a token counts as good from the login that made it on, elsewhere from its first verification on', async () => {
  const { login_name } = await account();
  const token = await login(login_name);
  expect(iam.deps.known!.userOf(tokenHash(token))).toMatch(/^u_/);
  // To another controller it is one like those that anybody invents, until it is verified.
  const other = await startIam(iam);
  const known = () => other.deps.known!.userOf(tokenHash(token));
  const read = { id: token.slice(0, 13) };
  expect(known()).toBeUndefined();
  await other.call('AuthTokenService/GetAuthToken', read, token);
  expect(known()).toMatch(/^u_/);
  await iam.call('AuthTokenService/DeleteAuthToken', read, token);
  await other.refusal('UserService/GetUser', { id: IDS.admin }, token);
  expect(known()).toBeUndefined();
  await other.close();
});

test('few networks of an account are remembered, as keyed hashes; the one that was used last longest ago goes', async () => {
  const { id, login_name } = await account();
  for (let i = 0; i < 17; i++) {
    await login(login_name, `192.0.2.${i}`);
    iam.clock.forward(1_000);
  }
  const stored = await networksOf(id);
  expect(stored).toHaveLength(16);
  expect(stored.every(({ network }) => network.length === 32)).toBe(true);
  await login(login_name, '192.0.2.16');
  expect(await networksOf(id)).toEqual(stored);
  iam.clock.forward(HOUR_MS);
  await login(login_name, '192.0.2.1');
  expect((await networksOf(id)).at(-1)).toEqual(stored[0]);
}, 60_000);

test('after 90 days without a login a network is forgotten', async () => {
  const { id, login_name } = await account();
  await login(login_name, '192.0.2.1');
  const { db } = iam.deps;
  await purge(db, new Date(iam.clock.now().getTime() + 89 * DAY_MS), DAY_MS);
  expect(await networksOf(id)).toHaveLength(1);
  await purge(db, new Date(iam.clock.now().getTime() + 91 * DAY_MS), DAY_MS);
  expect(await networksOf(id)).toEqual([]);
});
