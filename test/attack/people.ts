/**
 * Who takes part: an honest user with a project of his, attackers, and the project in which they
 * may do everything.
 */
import { sql, type Db } from '../../services/controller/db/db';
import type { Deployment } from '../harness/deployment';
import type { Endpoint } from '../harness/endpoints';
import { multiply } from '../harness/multiply';
import type { HttpPeer } from './peers';

/** Of the honest user; each may list 150 times in 30 s. */
const HONEST_TOKENS = 5;
const HONEST_TARGETS = 5;
/** Of the attackers' project. */
const FIELD_TARGETS = 2_000;
export const PASSWORD = 'correct-horse-battery-staple';

export interface Honest {
  userId: string;
  loginName: string;
  password: string;
  tokens: string[];
  scope: string;
  target: string;
}

export async function honestUser(deployment: Deployment, peer: HttpPeer, { port }: Endpoint): Promise<Honest> {
  const { api, projectId } = deployment;
  const method = deployment.init.auth_method.auth_method_id as string;
  const user = await newUser(deployment, 'alice');
  const grants = ['ids=*;type=target;actions=list,read,authorize-session', 'ids=*;type=session;actions=cancel:self'];
  await newRole(deployment, projectId, user, [...grants, 'ids=*;type=session;actions=list,read:self']);
  let target = '';
  for (let i = 0; i < HONEST_TARGETS; i++) target = (await api.target(projectId, port)).id;
  const tokens: string[] = [];
  for (let i = 0; i < HONEST_TOKENS; i++) tokens.push(await peer.login(method, 'alice', PASSWORD));
  return { userId: user, loginName: 'alice', password: PASSWORD, tokens, scope: projectId, target };
}

/** A project with many targets, most of them as rows: one by one they would take too long. */
export async function attackersField({ api, init }: Deployment, { port }: Endpoint, db: Db) {
  const org = init.org_scope.scope_id as string;
  const scope: { id: string } = await api.ok('POST', '/v1/scopes', { scope_id: org, name: 'field' });
  const { id: target } = await api.target(scope.id, port, { session_connection_limit: -1 });
  const sample = await api.target(scope.id, port, { description: 'a place in the field '.repeat(20) });
  const columns = { name: sql`'place ' || i` };
  await multiply(db.executor, { table: 'targets', of: sample.id, count: FIELD_TARGETS, columns });
  return { scope: scope.id, target };
}

export async function newUser({ api, init }: Deployment, loginName: string): Promise<string> {
  const attributes = { login_name: loginName, password: PASSWORD };
  const method = init.auth_method.auth_method_id as string;
  const account = await api.ok('POST', '/v1/accounts', { auth_method_id: method, type: 'password', attributes });
  const user = await api.ok('POST', '/v1/users', { scope_id: 'global', name: loginName });
  const accounts = { version: user.version as number, account_ids: [account.id as string] };
  await api.ok('POST', `/v1/users/${user.id}:add-accounts`, accounts);
  return user.id as string;
}

export async function newRole({ api }: Deployment, scope: string, user: string, grants: string[]): Promise<void> {
  const role = await api.ok('POST', '/v1/roles', { scope_id: scope });
  const add = (what: string, body: object) =>
    api.ok('POST', `/v1/roles/${role.id}:${what}`, { version: role.version as number, ...body });
  role.version = (await add('add-principals', { principal_ids: [user] })).version;
  await add('add-grants', { grant_strings: grants });
}
