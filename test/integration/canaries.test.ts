/**
 * Canaries: texts that are nowhere else, planted in every field that holds a secret, in requests
 * that are accepted and in requests that are refused. None of them may turn up in the log (at trace
 * level), in errors, in what reads and lists answer, or in a dump of the database, in whatever
 * encoding.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Canaries } from '../harness/canaries';
import { describeWith } from '../harness/tools';
import { DEV } from '../harness/controller';
import { VaultServer } from '../harness/vault';
import { attachWorker, startWholeController, type WholeController } from '../harness/whole-controller';

let controller: WholeController;
const vault = new VaultServer();
const home = mkdtempSync(join(tmpdir(), 'sallyport-canaries-'));
const logFile = join(home, 'log');
const canaries = new Canaries();
const { planted } = canaries;
/**
 * Encrypted, but shown to whoever may read them, as clients expect: bodies of requests to Vault.
 */
const shown: string[] = [];
/** Everything that the API answered, but for where a secret is what was asked for. */
const answers: string[] = [];

const canary = (name: string): string => canaries.plant(name);

/** A private key of its own; its longest line stands for it. */
function keyCanary(): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  planted.push(privateKey.split('\n')[5]!);
  return privateKey;
}

beforeAll(async () => {
  await vault.start();
  controller = await startWholeController({ outgoingAllowedNetworks: ['127.0.0.0/8'] }, logFile);
});
afterAll(async () => {
  await controller.stop();
  await vault.stop();
  rmSync(home, { recursive: true });
});

/** Sends a request, whatever comes of it, and keeps the answer. */
async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<any> {
  const answer = await controller.api.call(method, path, body, headers);
  answers.push(JSON.stringify(answer.body ?? ''));
  return { status: answer.status, ...answer.body };
}

const made = async (path: string, body: object): Promise<any> => {
  const item = await send('POST', path, body);
  expect([path, item.status, item.message]).toEqual([path, 200, undefined]);
  return item;
};

async function plant(): Promise<void> {
  const account = await made('/v1/accounts', {
    auth_method_id: DEV.authMethod,
    type: 'password',
    attributes: { login_name: 'canary', password: canary('password') },
  });
  const at = `/v1/accounts/${account.id}`;
  await made(`${at}:set-password`, { version: 1, password: canary('set-password') });
  const change = { version: 2, current_password: planted.at(-1), new_password: canary('change-password') };
  await made(`${at}:change-password`, change);

  const credentials = await made('/v1/credential-stores', { scope_id: DEV.project, type: 'static' });
  const credential = (type: string, attributes: object) =>
    made('/v1/credentials', { credential_store_id: credentials.id, type, attributes });
  await credential('username_password', { username: 'u', password: canary('credential') });
  await credential('password', { password: canary('password-credential') });
  await credential('json', { object: { deep: { secret: canary('json') } } });
  await credential('ssh_private_key', { username: 'u', private_key: keyCanary() });

  const store = await made('/v1/credential-stores', {
    scope_id: DEV.project,
    type: 'vault',
    attributes: { address: vault.address, token: canary('vault-token') },
  });
  const http_request_body = canary('body');
  shown.push(http_request_body);
  await made('/v1/credential-libraries', {
    credential_store_id: store.id,
    type: 'vault-generic',
    attributes: { path: 'a/b', http_method: 'POST', http_request_body },
  });
  await made('/v1/auth-methods', {
    scope_id: DEV.org,
    type: 'oidc',
    attributes: { client_id: 'c', client_secret: canary('client-secret'), api_url_prefix: 'https://a.example' },
  });
  const bind = { bind_dn: 'cn=a', bind_password: canary('bind') };
  await made('/v1/auth-methods', {
    scope_id: DEV.org,
    type: 'ldap',
    attributes: { urls: ['ldaps://d.example'], ...bind },
  });
}

/** The same kinds of secrets in requests that are refused, for reasons of all sorts. */
async function plantInRefusals(): Promise<void> {
  const refused = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    expect((await send(method, path, body, headers)).status).toBeGreaterThanOrEqual(400);
  };
  const credentials = (given: object) => ({ command: 'login', attributes: given });
  const login = `/v1/auth-methods/${DEV.authMethod}:authenticate`;
  await refused('POST', login, credentials({ login_name: 'admin', password: canary('wrong') }));
  // People type passwords where the name belongs.
  await refused('POST', login, credentials({ login_name: canary('as-name'), password: canary('as-password') }));
  await refused('POST', login, { command: canary('command'), attributes: { password: canary('no-name') } });
  await refused('POST', '/v1/accounts/acctpw_0000000000:set-password', { version: 1, password: canary('nobody') });
  await refused('POST', '/v1/accounts/acctpw_1234567890:change-password', {
    version: 1,
    current_password: canary('not-current'),
    new_password: canary('not-new'),
  });
  const store = (attributes: object) => ({ scope_id: DEV.project, type: 'vault', attributes });
  const unreachable = { address: 'http://127.0.0.1:1', token: canary('unreachable') };
  await refused('POST', '/v1/credential-stores', store(unreachable));
  await refused('POST', '/v1/credential-stores', store({ address: 'no url', token: `${canary('spaces')} and\nlines` }));
  await refused('POST', '/v1/credential-stores', store({ token: canary('no-address'), ca_cert: 'nope' }));
  await refused('POST', '/v1/credentials', { type: 'ssh_private_key', attributes: { private_key: canary('no-key') } });
  await refused('POST', '/v1/auth-methods', { type: 'ldap', attributes: { bind_password: canary('no-urls') } });
  const group = { scope_id: DEV.project };
  await refused('POST', '/v1/groups', group, { authorization: `Bearer at_1234567890_${canary('token')}` });
  await refused('POST', '/v1/groups', group, { authorization: `Bearer r_${canary('recovery')}` });
  const cookies = `wt-js-token-cookie=at_1_${canary('cookie')}; wt-http-token-cookie=x`;
  await refused('GET', '/v1/users', undefined, { authorization: '', cookie: cookies });
}

/** Secrets that the controller makes and answers once. */
async function plantMade(): Promise<void> {
  const { api } = controller;
  planted.push(api.token!.split('_')[2]!.slice(2));
  const worker = await api.ok('POST', '/v1/workers:create:controller-led', { scope_id: 'global' });
  planted.push((worker.controller_generated_activation_token as string).slice(20, 60));
  await attachWorker(controller);
  const target = await api.target(DEV.project, 22);
  const { authorization_token } = await api.authorize(target.id);
  planted.push(authorization_token.slice(200, 260));
}

async function read(): Promise<void> {
  for (const path of ['credential-stores', 'targets', 'sessions', 'credential-libraries', 'credentials']) {
    await send('GET', `/v1/${path}?scope_id=${DEV.project}&recursive=true`);
  }
  const stores = (await send('GET', `/v1/credential-stores?scope_id=${DEV.project}`)).items as { id: string }[];
  for (const { id } of stores) {
    await send('GET', `/v1/credentials?credential_store_id=${id}`);
    await send('GET', `/v1/credential-libraries?credential_store_id=${id}`);
  }
  await send('GET', '/v1/auth-methods?scope_id=global&recursive=true');
  await send('GET', `/v1/accounts?auth_method_id=${DEV.authMethod}`);
  await send('GET', '/v1/workers?scope_id=global');
  await send('GET', '/v1/auth-tokens?scope_id=global&recursive=true');
}

describeWith(['pg_dump'], 'canaries', () => {
  test('no secret turns up in logs, errors, answers and the database', everywhere, 60_000);
});

async function everywhere(): Promise<void> {
  await plant();
  await plantInRefusals();
  await plantMade();
  await read();
  const dump = execFileSync('pg_dump', [controller.databaseUrl], { encoding: 'latin1', maxBuffer: 1 << 28 });
  const log = readFileSync(logFile, 'utf8');
  expect(log).toContain('AccountService/SetPassword');
  expect(planted.length).toBeGreaterThan(25);
  expect({
    log: canaries.sung(log),
    answers: canaries.sung(answers.join('\n'), shown),
    database: canaries.sung(dump),
  }).toEqual({
    log: [],
    answers: [],
    database: [],
  });
  // What looks for them would find them.
  expect(canaries.sung(`x${planted[0]}y`)).toEqual([planted[0]]);
  expect(canaries.sung(Buffer.from(`xy${planted[1]}z`).toString('base64'))).toEqual([planted[1]]);
  expect(canaries.sung(Buffer.from(planted[2]!).toString('hex'))).toEqual([planted[2]]);
}
