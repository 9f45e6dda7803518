/** Logins with a directory and with a provider, before a controller with canned answers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refusal, startCannedServer, type CannedServer } from '../testing/canned-server';
import { runCli } from '../testing/run';

let server: CannedServer;
let home: string;

beforeAll(async () => {
  server = await startCannedServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.reset();
  home = mkdtempSync(join(tmpdir(), 'sallyport-login-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const run = (argv: string[], env: NodeJS.ProcessEnv = {}, stdin?: string) =>
  runCli(argv, {
    env: { HOME: home, PATH: process.env.PATH, SALLYPORT_ADDR: server.address, SALLYPORT_KEYRING_TYPE: 'file', ...env },
    ...(stdin === undefined ? {} : { stdin }),
  });

const TOKEN = { id: 'at_1', token: 'at_1_secret', user_id: 'u_1', account_id: 'a_1', auth_method_id: 'am_1' };
const URL_OF_PROVIDER = 'https://provider.test/authorize?state=x';

/** Takes the place of a browser: notes what it should open. */
function browser(exit = 0): string {
  const path = join(home, 'browser');
  writeFileSync(path, `#!/bin/sh\necho "$1" > ${home}/opened\nexit ${exit}\n`, { mode: 0o700 });
  return path;
}

function answerProvider(pendingAnswers: number): void {
  let asked = 0;
  server.answers.authenticate = ({ command }) => {
    if (command === 'start') return { command, attributes: { auth_url: URL_OF_PROVIDER, token_id: 'tid' } };
    return { command, attributes: asked++ < pendingAnswers ? { status: 'unknown' } : TOKEN };
  };
}

test('ldap: the name is asked for first, in the clear; both go out as a login', async () => {
  server.answers.authenticate = () => ({ command: 'login', attributes: TOKEN });
  const argv = ['authenticate', 'ldap', '-auth-method-id', 'amldap_1', '-password', 'env://PW'];
  const { exit, stdout } = await run(argv, { PW: 'pw' }, 'alice\n');
  expect([exit, stdout]).toEqual([0, expect.stringContaining('Please enter the login name: ')]);
  expect(stdout).toMatch(/ {2}Account ID: {6}a_1\n/);
  expect(server.seen).toMatchObject([
    {
      method: 'authenticate',
      request: { auth_method_id: 'amldap_1', command: 'login', attributes: { login_name: 'alice', password: 'pw' } },
      authorization: undefined,
    },
  ]);
  expect((await run(['config', 'get-token'])).stdout).toBe('at_1_secret\n');
});

test('oidc: the browser gets the URL, and the token is fetched until it is there', async () => {
  answerProvider(1);
  const argv = ['authenticate', 'oidc', '-auth-method-id', 'amoidc_1'];
  const { exit, stdout } = await run(argv, { BROWSER: browser() });
  expect([exit, stdout]).toEqual([0, expect.stringContaining(URL_OF_PROVIDER)]);
  expect(stdout).toContain('Authentication information:');
  expect(server.seen.map((call) => [call.request.command, call.request.attributes])).toEqual([
    ['start', undefined],
    ['token', { token_id: 'tid' }],
    ['token', { token_id: 'tid' }],
  ]);
  expect((await run(['config', 'get-token'])).stdout).toBe('at_1_secret\n');
});

test('oidc as JSON: only the answer on standard output; without a browser the URL stands beside it', async () => {
  answerProvider(0);
  const argv = ['authenticate', 'oidc', '-auth-method-id', 'amoidc_1', '-format', 'json'];
  const { exit, stdout, stderr } = await run(argv, { BROWSER: browser(3) });
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ status_code: 200, item: { command: 'token', attributes: TOKEN } });
  expect(stderr).toContain(URL_OF_PROVIDER);
});

test('refusals name the step', async () => {
  server.answers.authenticate = () => new Refusal(400, { kind: 'FailedPrecondition', message: 'inactive' });
  const start = await run(['authenticate', 'oidc', '-auth-method-id', 'amoidc_1']);
  expect([start.exit, start.stderr]).toEqual([1, expect.stringContaining('when performing authentication start')]);
  answerProvider(0);
  const { authenticate } = server.answers;
  server.answers.authenticate = (request) =>
    request.command === 'start' ? authenticate(request) : new Refusal(403, { kind: 'PermissionDenied', message: 'x' });
  const token = await run(['authenticate', 'oidc', '-auth-method-id', 'amoidc_1'], { BROWSER: browser() });
  expect([token.exit, token.stderr]).toEqual([
    1,
    expect.stringContaining('when performing authentication token fetch'),
  ]);
});

test('the primary auth method tells the kind, and has to be of the kind that was asked for', async () => {
  server.answers.listAuthMethods = () => ({ items: [{ id: 'amoidc_1', is_primary: true }], response_type: 'complete' });
  answerProvider(0);
  expect((await run(['authenticate'], { BROWSER: browser() })).exit).toBe(0);
  const other = await run(['authenticate', 'ldap', '-login-name', 'x', '-password', 'env://PW'], { PW: 'p' });
  expect([other.exit, other.stderr]).toEqual([3, expect.stringContaining('amoidc_1')]);
});
