/**
 * Everything that takes a session away cuts its connections at once: each row does it to a session
 * whose bytes flow through a real worker, and looks at what the records say of it.
 */
import type { Socket } from 'node:net';
import type { SessionProxy } from '../../cli/connect/listener/session-proxy';
import { newId } from '../../lib/ids/ids';
import { issueToken } from '../../services/controller/auth-tokens/tokens';
import { CONTROLLER_DEFAULTS } from '../../services/controller/config';
import { sql, transaction } from '../../services/controller/db/db';
import { Api } from '../harness/api';
import { DEV } from '../harness/controller';
import { dial, endpoint, gone, type Endpoint } from '../harness/endpoints';
import { proxyOf, startFleet, type Fleet } from '../harness/fleet';
import { waitFor } from '../harness/wait';

/** Bytes that show that a stream flows. */
const FLOWING = 100_000;
const OPEN = 'ids=*;type=target;actions=authorize-session';
const OWN_SESSIONS = 'ids=*;type=session;actions=read:self,cancel:self';
/** A connection that was canceled because something that its session stands on is gone. */
const BY_POLICY = { closed_reason: 'canceled', closed_by: 'policy', cause: 'canceled' };
const BY_ADMIN = { ...BY_POLICY, closed_by: 'admin' };

let fleet: Fleet;
let source: Endpoint;
let count = 0;
const proxies: SessionProxy[] = [];

beforeAll(async () => {
  fleet = await startFleet();
  source = await endpoint(stream);
  // It would let everybody who is logged in open every session.
  const { items } = await fleet.api.ok('GET', '/v1/roles?scope_id=global');
  const everybody = items.find((role: any) => role.name === 'Authenticated User Grants');
  await fleet.api.ok('DELETE', `/v1/roles/${everybody.id}`);
}, 60_000);
afterAll(async () => {
  for (const proxy of proxies) await proxy.close();
  await source?.close();
  await fleet?.stop();
});

/** Sends without end, as fast as it is read. */
function stream(socket: Socket): void {
  const block = Buffer.alloc(16 * 1024, 7);
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

interface Person {
  id: string;
  accountId: string;
  tokenId: string;
  api: Api;
}

const { ok, post, remove } = {
  ok: (...request: Parameters<Api['ok']>) => fleet.api.ok(...request),
  post: (path: string, body: object) => fleet.api.ok('POST', `/v1/${path}`, body),
  remove: (path: string) => fleet.api.ok('DELETE', `/v1/${path}`),
};
const versioned = async (path: string, action: string, body: object): Promise<any> =>
  post(`${path}:${action}`, { version: (await ok('GET', `/v1/${path}`)).version, ...body });
const patch = async (path: string, body: object): Promise<any> =>
  ok('PATCH', `/v1/${path}`, { version: (await ok('GET', `/v1/${path}`)).version, ...body });

/**
 * Somebody who is logged in with a password account and holds nothing yet. Written as a login
 * writes it.
 */
async function person(authMethodId: string = DEV.authMethod): Promise<Person> {
  const [id, accountId, now] = [newId('u'), newId('acctpw'), new Date()];
  const token = await transaction(fleet.db, now, async (tx) => {
    await sql`insert into users (id, scope_id, created_time, updated_time) values (${id}, 'global', ${now}, ${now})`.execute(
      tx,
    );
    await sql`insert into accounts (id, auth_method_id, scope_id, type, user_id, created_time, updated_time)
      values (${accountId}, ${authMethodId}, 'global', 'password', ${id}, ${now}, ${now})`.execute(tx);
    const owner = { scope_id: 'global', user_id: id, account_id: accountId, auth_method_id: authMethodId };
    return issueToken({ config: CONTROLLER_DEFAULTS, db: fleet.db, kms: fleet.kms }, tx, owner, now);
  });
  const api = new Api(fleet.api.address);
  api.token = token.text;
  return { id, accountId, tokenId: token.id, api };
}

interface RoleOptions {
  scopeId?: string;
  grants?: string[];
  reach?: ('this' | 'children' | 'descendants')[];
}

/** A role that lets its principals, which are all of one kind, open sessions. */
async function role(principals: string[], options: RoleOptions = {}): Promise<string> {
  const { scopeId = 'global', grants = [OPEN], reach = ['this', 'descendants'] } = options;
  const [id, now] = [newId('r'), new Date()];
  const [prefix] = principals[0]!.split('_');
  const column = sql.ref(prefix === 'u' ? 'user_id' : prefix === 'g' ? 'group_id' : 'managed_group_id');
  await transaction(fleet.db, now, async (tx) => {
    await sql`insert into roles (id, scope_id, created_time, updated_time) values (${id}, ${scopeId}, ${now}, ${now})`.execute(
      tx,
    );
    await sql`insert into role_grant_scopes (role_id, special) select ${id}, unnest(${reach}::text[])`.execute(tx);
    await sql`insert into role_grants (role_id, canonical, raw)
      select ${id}, g, g from unnest(${grants}::text[]) g`.execute(tx);
    await sql`insert into role_principals (role_id, ${column}) select ${id}, unnest(${principals}::text[])`.execute(tx);
  });
  return id;
}

interface Flowing {
  sessionId: string;
  socket: Socket;
  proxy: SessionProxy;
}

/** A session of the person to the target, with bytes that flow. */
async function flow(who: { api: Api }, targetId: string): Promise<Flowing> {
  const { session_id: sessionId, authorization_token: token } = await who.api.authorize(targetId);
  const proxy = await proxyOf(token);
  proxies.push(proxy);
  const socket = await dial(proxy.port);
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  await waitFor('bytes to flow', () => received > FLOWING, { status: () => `${received} bytes` });
  return { sessionId, socket, proxy };
}

const newTarget = async (projectId: string = DEV.project, more: object = {}): Promise<string> =>
  (await fleet.api.target(projectId, source.port, { ...more })).id;

async function scopes(): Promise<{ orgId: string; projectId: string }> {
  const org = await post('scopes', { scope_id: 'global', name: `org ${count++}` });
  const project = await post('scopes', { scope_id: org.id, name: 'project' });
  return { orgId: org.id, projectId: project.id };
}

/** A target that leads to a host of a set of its own. */
async function hostTarget() {
  const catalog = await post('host-catalogs', { scope_id: DEV.project, type: 'static' });
  const attributes = { address: '127.0.0.1' };
  const host = await post('hosts', { host_catalog_id: catalog.id, type: 'static', attributes });
  const set = await post('host-sets', { host_catalog_id: catalog.id, type: 'static' });
  await versioned(`host-sets/${set.id}`, 'add-hosts', { host_ids: [host.id] });
  const targetId = await newTarget(DEV.project, { address: undefined });
  await versioned(`targets/${targetId}`, 'add-host-sources', { host_source_ids: [set.id] });
  return { targetId, catalogId: catalog.id as string, setId: set.id as string, hostId: host.id as string };
}

async function group(userId: string, scopeId = 'global'): Promise<string> {
  const { id } = await post('groups', { scope_id: scopeId });
  await versioned(`groups/${id}`, 'add-members', { member_ids: [userId] });
  return id;
}

/**
 * A managed group of a directory that the person is in, by an account beside the one that it is
 * logged in with.
 */
async function directory(userId: string) {
  const urls = ['ldap://ldap.example.org'];
  const method = await post('auth-methods', { scope_id: 'global', type: 'ldap', attributes: { urls } });
  const about = { auth_method_id: method.id, type: 'ldap' };
  const account = await post('accounts', { ...about, attributes: { login_name: 'somebody' } });
  await versioned(`users/${userId}`, 'add-accounts', { account_ids: [account.id] });
  const managed = await post('managed-groups', { ...about, attributes: { group_names: ['operators'] } });
  await asLogin(account.id, ['operators']);
  return { groupId: managed.id as string, accountId: account.id as string };
}

/** What a login writes that finds the account in these groups of the directory. */
const asLogin = (accountId: string, groups: string[]): Promise<unknown> =>
  transaction(fleet.db, new Date(), (tx) =>
    sql`update ldap_accounts set member_of_groups = ${groups} where id = ${accountId}`.execute(tx),
  );

interface Revoked {
  reason: string;
  connection: Record<string, unknown>;
  by?: string;
}

/** A session that can be taken away: `take` does it, and answers what the records must say. */
interface Taken extends Flowing {
  take(): Promise<Partial<Revoked> | void>;
}

/** Who has lost access to what was opened. */
const LOST: Revoked = { reason: 'access revoked', connection: BY_POLICY };
/** Something that the session stands on is gone. */
const GONE: Revoked = { reason: 'canceled', connection: BY_POLICY };

async function opened(take: (who: Person, about: { targetId: string }) => Taken['take'], more: object = {}) {
  const who = await person();
  await role([who.id], { grants: [OPEN, OWN_SESSIONS] });
  const targetId = await newTarget(DEV.project, more);
  return { ...(await flow(who, targetId)), take: take(who, { targetId }) };
}

/** Opened with the right that a role gives to the person itself. */
async function byRole(take: (roleId: string, who: Person) => Taken['take'], options: RoleOptions = {}) {
  const who = await person();
  const id = await role([who.id], options);
  return { ...(await flow(who, await newTarget())), take: take(id, who) };
}

const ROWS: [string, Revoked, () => Promise<Taken>][] = [
  [
    'canceled by an administrator',
    { reason: 'canceled', connection: BY_ADMIN, by: DEV.admin },
    async () => {
      const session = await opened(() => () => Promise.resolve());
      return { ...session, take: () => versioned(`sessions/${session.sessionId}`, 'cancel', {}).then(() => undefined) };
    },
  ],
  [
    'canceled by its owner',
    { reason: 'canceled', connection: BY_ADMIN },
    async () => {
      let owner: Person;
      const session = await opened((who) => ((owner = who), () => Promise.resolve()));
      return {
        ...session,
        async take() {
          const { version } = await owner.api.session(session.sessionId);
          await owner.api.ok('POST', `/v1/sessions/${session.sessionId}:cancel`, { version });
          return { by: owner.id };
        },
      };
    },
  ],
  [
    'ended by its client',
    { reason: 'canceled', connection: { closed_reason: 'closed by end-user', closed_by: 'client', cause: 'fin' } },
    async () => {
      const session = await opened(() => () => Promise.resolve());
      return { ...session, take: () => session.proxy.close() };
    },
  ],
  [
    'expired',
    { reason: 'timed out', connection: { closed_reason: 'timed out', closed_by: 'policy', cause: 'expired' } },
    () => opened(() => () => Promise.resolve(), { session_max_seconds: 2 }),
  ],
  ['logout', GONE, () => opened((who) => () => who.api.ok('DELETE', `/v1/auth-tokens/${who.tokenId}`))],
  ['auth token deleted by an administrator', GONE, () => opened((who) => () => remove(`auth-tokens/${who.tokenId}`))],
  [
    'auth token gone stale, where the target says so',
    GONE,
    () => opened((who) => () => goStale(who.tokenId), { end_sessions_on_token_expiry: true }),
  ],
  ['user deleted', GONE, () => opened((who) => () => remove(`users/${who.id}`))],
  ['account deleted', GONE, () => opened((who) => () => remove(`accounts/${who.accountId}`))],
  [
    'account taken from its user',
    GONE,
    () => opened((who) => () => versioned(`users/${who.id}`, 'set-accounts', { account_ids: [] })),
  ],
  [
    'auth method deleted',
    GONE,
    async () => {
      const method = await post('auth-methods', { scope_id: 'global', type: 'password' });
      const who = await person(method.id);
      await role([who.id]);
      return { ...(await flow(who, await newTarget())), take: () => remove(`auth-methods/${method.id}`) };
    },
  ],
  [
    'target deleted',
    GONE,
    () =>
      opened(
        (_who, { targetId }) =>
          () =>
            remove(`targets/${targetId}`),
      ),
  ],
  [
    'address of the target cleared',
    GONE,
    () =>
      opened(
        (_who, { targetId }) =>
          () =>
            patch(`targets/${targetId}`, { address: null }),
      ),
  ],
  ...(['host', 'host set', 'host catalog'] as const).map((what): (typeof ROWS)[number] => [
    `${what} deleted`,
    GONE,
    async () => {
      const { targetId, catalogId, setId, hostId } = await hostTarget();
      const path = {
        host: `hosts/${hostId}`,
        'host set': `host-sets/${setId}`,
        'host catalog': `host-catalogs/${catalogId}`,
      };
      return { ...(await flow(fleet, targetId)), take: () => remove(path[what]) };
    },
  ]),
  [
    'project deleted',
    GONE,
    async () => {
      const { projectId } = await scopes();
      return { ...(await flow(fleet, await newTarget(projectId))), take: () => remove(`scopes/${projectId}`) };
    },
  ],
  [
    'org deleted',
    GONE,
    async () => {
      const { orgId, projectId } = await scopes();
      return { ...(await flow(fleet, await newTarget(projectId))), take: () => remove(`scopes/${orgId}`) };
    },
  ],
  ['role deleted', LOST, () => byRole((id) => () => remove(`roles/${id}`))],
  [
    'grant removed',
    LOST,
    () => byRole((id) => () => versioned(`roles/${id}`, 'remove-grants', { grant_strings: [OPEN] })),
  ],
  [
    'grants set to others',
    LOST,
    () =>
      byRole(
        (id) => () => versioned(`roles/${id}`, 'set-grants', { grant_strings: ['ids=*;type=target;actions=read'] }),
      ),
  ],
  [
    'principal removed',
    LOST,
    () => byRole((id, who) => () => versioned(`roles/${id}`, 'remove-principals', { principal_ids: [who.id] })),
  ],
  [
    'principals set to others',
    LOST,
    () => byRole((id) => () => versioned(`roles/${id}`, 'set-principals', { principal_ids: [DEV.user] })),
  ],
  [
    'grant scope removed',
    LOST,
    () => byRole((id) => () => versioned(`roles/${id}`, 'remove-grant-scopes', { grant_scope_ids: ['descendants'] })),
  ],
  [
    'grant scopes set to others',
    LOST,
    () =>
      byRole((id) => () => versioned(`roles/${id}`, 'set-grant-scopes', { grant_scope_ids: ['this'] }), {
        scopeId: DEV.org,
        reach: ['children'],
      }),
  ],
  [
    'role of everybody who is logged in deleted',
    LOST,
    async () => {
      const who = await person();
      const id = await role(['u_auth']);
      return { ...(await flow(who, await newTarget())), take: () => remove(`roles/${id}`) };
    },
  ],
  ...(
    [
      [
        'member removed from the group',
        (id, who) => versioned(`groups/${id}`, 'remove-members', { member_ids: [who.id] }),
      ],
      [
        'members of the group set to others',
        (id) => versioned(`groups/${id}`, 'set-members', { member_ids: [DEV.user] }),
      ],
      ['group deleted', (id) => remove(`groups/${id}`)],
    ] as [string, (groupId: string, who: Person) => Promise<void>][]
  ).map(([name, take]): (typeof ROWS)[number] => [
    name,
    LOST,
    async () => {
      const who = await person();
      const id = await group(who.id);
      await role([id]);
      return { ...(await flow(who, await newTarget())), take: () => take(id, who) };
    },
  ]),
  [
    'org of the group deleted',
    LOST,
    async () => {
      const { orgId } = await scopes();
      const who = await person();
      await role([await group(who.id, orgId)]);
      return { ...(await flow(who, await newTarget())), take: () => remove(`scopes/${orgId}`) };
    },
  ],
  ...(
    [
      [
        'managed group changed',
        ({ groupId }) => patch(`managed-groups/${groupId}`, { attributes: { group_names: ['others'] } }),
      ],
      ['left the group of the directory', ({ accountId }) => asLogin(accountId, ['others'])],
      ['managed group deleted', ({ groupId }) => remove(`managed-groups/${groupId}`)],
      ['account of the managed group deleted', ({ accountId }) => remove(`accounts/${accountId}`)],
      [
        'account of the managed group taken from its user',
        ({ accountId }, who) => versioned(`users/${who.id}`, 'remove-accounts', { account_ids: [accountId] }),
      ],
    ] as [string, (made: { groupId: string; accountId: string }, who: Person) => Promise<void>][]
  ).map(([name, take]): (typeof ROWS)[number] => [
    name,
    LOST,
    async () => {
      const who = await person();
      const made = await directory(who.id);
      await role([made.groupId]);
      return { ...(await flow(who, await newTarget())), take: () => take(made, who) };
    },
  ]),
];

/** Makes the token look as if it had not been used for a week. */
const goStale = (tokenId: string): Promise<void> =>
  transaction(fleet.db, new Date(), async (tx) => {
    const weekAgo = new Date(Date.now() - 7 * 86_400_000);
    await sql`update auth_tokens set approximate_last_used_time = ${weekAgo} where id = ${tokenId}`.execute(tx);
  });

const ended = (session: any): boolean => session.status === 'terminated';

/**
 * From the table of sessions, because that of a deleted project is in no scope that the API reads.
 */
async function recordOf(sessionId: string): Promise<any> {
  return waitFor('the session to be terminated', async () => {
    const found = await sql<any>`
      select s.status, s.termination_reason, s.canceled_by, c.closed_reason, c.closed_by, c.cause, c.bytes_final
      from sessions s join session_connections c on c.session_id = s.id where s.id = ${sessionId}`.execute(
      fleet.db.executor,
    );
    return ended(found.rows[0]) && found.rows[0];
  });
}

describe('cut while bytes flow', () => {
  test.each(ROWS)('%s', async (_name, expected, make) => {
    const { sessionId, socket, take } = await make();
    const closed = gone(socket);
    const more = (await take()) ?? {};
    await closed;
    const { reason, connection, by } = { ...expected, ...more };
    expect(await recordOf(sessionId)).toEqual({
      ...connection,
      status: 'terminated',
      termination_reason: reason,
      canceled_by: by ?? null,
      bytes_final: true,
    });
    await waitFor('the endpoint to be left', () => source.sockets.size === 0);
  });
});

describe('goes on', () => {
  /** Does something, gives a review the time to cut, and sees the bytes still flow. */
  async function survives({ sessionId, socket, proxy }: Flowing, something: () => Promise<unknown>): Promise<void> {
    await something();
    const reviewed = async (): Promise<boolean> => {
      const open = await sql`select 1 from grant_changes where reviewed_time is null`.execute(fleet.db.executor);
      return open.rows.length === 0;
    };
    await waitFor('the review', reviewed);
    const before = socket.bytesRead;
    await waitFor('more bytes', () => socket.bytesRead > before + FLOWING);
    expect((await fleet.api.session(sessionId)).status).toBe('active');
    await proxy.close();
  }

  test('one of two roles deleted, and whatever happens to the rights of others', async () => {
    const [who, other] = [await person(), await person()];
    const [first, second] = [await role([who.id]), await role([who.id, other.id])];
    const flowing = await flow(who, await newTarget());
    await survives(flowing, async () => {
      await remove(`roles/${first}`);
      await versioned(`roles/${second}`, 'remove-principals', { principal_ids: [other.id] });
      await versioned(`roles/${second}`, 'set-grants', { grant_strings: ['ids=*;type=*;actions=*'] });
    });
  });

  test('auth token gone stale, where the target does not say otherwise', async () => {
    const who = await person();
    await role([who.id]);
    const flowing = await flow(who, await newTarget());
    await survives(flowing, async () => {
      await goStale(who.tokenId);
      // Presented, it is deleted.
      expect((await who.api.call('GET', `/v1/users/${who.id}`)).status).toBe(401);
    });
  });
});

// The last of the file: the fleet has no worker afterwards.
test('worker deleted: its connections are cut, the session lives on for others', async () => {
  const { sessionId, socket } = await flow(fleet, await newTarget());
  const closed = gone(socket);
  await remove(`workers/${fleet.workerIds[0]}`);
  await closed;
  const session = await fleet.api.session(sessionId);
  expect(session).toMatchObject({ status: 'active', connections: [BY_ADMIN] });
  await waitFor('the endpoint to be left', () => source.sockets.size === 0);
});
