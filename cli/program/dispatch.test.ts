import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../testing/run';

const NOWHERE = ['-addr', 'http://127.0.0.1:9', '-keyring-type', 'none'];

test.each<[string[], number, RegExp]>([
  [[], 127, /^Usage: sallyport <command>/],
  [['nope'], 127, /There is no command "nope"\.\n$/],
  [['tragets'], 127, /Did you mean "targets"\?\n$/],
  [['constructor'], 127, /There is no command "constructor"/],
  [['-addr', 'x', 'targets', 'list'], 127, /^Usage: sallyport <command>/],
  [['--version'], 127, /^Usage: sallyport <command>/],
  [['-h'], 0, /^Usage: sallyport <command>/],
  [['targets'], 1, /^Usage: sallyport targets <subcommand>/],
  [['targets', 'lst'], 1, /There is no command "targets lst"\. Did you mean "list"\?\n$/],
  [['targets', '-scope-id', 'x'], 1, /A flag stands where a subcommand is expected: -scope-id/],
  [['targets', 'create'], 1, /^Usage: sallyport targets create <subcommand>/],
  [['targets', 'list', '-nope', '-h'], 0, /^Usage: sallyport targets list \[options\]/],
  [['read'], 0, /^$/],
  [['read', 'nope'], 1, /^Usage: sallyport read <id>/],
  [['read', 'nope_1'], 1, /^Usage: sallyport read <id>/],
  [['config', 'nope'], 1, /^Usage: sallyport config/],
  [['targets', 'list', '-nope'], 3, /^flag provided but not defined: -nope\n$/],
  [['targets', 'list', '-format', 'yaml'], 1, /^Invalid output format: yaml\n$/],
  [['targets', 'list', ...NOWHERE], 2, /^Error trying to list targets: nothing listens at http:\/\/127\.0\.0\.1:9;/],
  [['targets', 'list', '-addr', 'nonsense://'], 2, /"nonsense:\/\/" is no address/],
  [['targets', 'list', '-keyring-type', 'nope'], 2, /Unknown keyring "nope"/],
  [
    ['credential-libraries', 'create', 'vault', '-credential-store-id', 'csvlt_1', ...NOWHERE],
    2,
    /create vault-type credential library/,
  ],
  [['targets', 'list', '-token', 'at_1_x', ...NOWHERE], 2, /-token must be env:\/\/NAME or file:\/\/PATH/],
  [['targets', 'list', '-token', 'file://nope', ...NOWHERE], 2, /The file nope cannot be read: ENOENT/],
  [['targets', 'list', '-client-cert', 'x', ...NOWHERE], 2, /-client-cert and -client-key need each other/],
  [['targets', 'list', '-recovery-config', 'nope', ...NOWHERE], 2, /nope: ENOENT/],
  [
    ['targets', 'list', '-ca-cert', '/nope', '-addr', 'https://127.0.0.1:9', '-keyring-type', 'none'],
    2,
    /\/nope: ENOENT/,
  ],
  [['targets', 'read', ...NOWHERE], 3, /use -id/],
  [['hosts', 'list', ...NOWHERE], 3, /-host-catalog-id or SALLYPORT_HOST_CATALOG_ID/],
  [['hosts', 'create', 'static', '-host-catalog-id', 'h', ...NOWHERE], 3, /-address is required/],
  [['targets', 'create', 'tcp', '-default-port', 'x', ...NOWHERE], 3, /Error parsing "x"/],
  [['targets', 'create', 'tcp', '-session-max-seconds', '1.5', ...NOWHERE], 3, /Error parsing "1.5"/],
  [['targets', 'create', 'tcp', '-egress-worker-filter', 'nope', ...NOWHERE], 3, /"nope" could not be parsed/],
  [['roles', 'add-grants', '-id', 'r_1', '-grant', 'nonsense', ...NOWHERE], 3, /"nonsense" could not be parsed/],
  [['roles', 'add-grants', '-id', 'r_1', '-grant', 'id=x;actions=read', ...NOWHERE], 3, /use "ids"/],
  [['roles', 'add-grants', '-id', 'r_1', ...NOWHERE], 3, /use -grant/],
  [['targets', 'authorize-session', '-id', 't', '-name', 'n', ...NOWHERE], 3, /-id excludes -name/],
  [['targets', 'authorize-session', '-name', 'n', ...NOWHERE], 3, /exactly one of -scope-id and -scope-name/],
  [
    ['accounts', 'create', 'password', '-auth-method-id', 'a', '-login-name', 'l', '-password', 'p'],
    3,
    /env:\/\/ or file/,
  ],
  [['logout', '-keyring-type', 'none'], 3, /no token to log out with/],
  [['config', 'get-token', '-keyring-type', 'none'], 2, /No token was found/],
  [['config', 'get-token', '-user-id', '-account-id'], 3, /Only one of -user-id, -account-id/],
  [['connect'], 3, /A target is required/],
  [['connect', '-target-id', 't', '--', '-listen-port', '1'], 3, /Words behind -- are for the program of -exec/],
  [['connect', 'db.example', '-target-name', 'n'], 3, /excludes -target-name/],
  [['connect', 'ssh', '-username', 'x', 'db.example', '-target-id', 't'], 3, /stands beside the id t;/],
  [['connect', 'ssh', '-username', 'x', 'db.example', ...NOWHERE], 2, /not on the PATH|nothing listens/],
  [['logout', 'extra', '-token-name', 'other'], 3, /^unexpected word "extra"/],
  [['groups', 'add-members', '-id', 'g_1', '-member', 'a', 'b'], 3, /^unexpected word "b" behind -member/],
  [['scopes', 'create', '-name', 'My', 'Org', '-skip-admin-role-creation'], 3, /^unexpected word "Org" behind -name/],
  [['authenticate', 'pasword'], 3, /Did you mean "password"/],
  [['read', 'u_1', 'extra'], 3, /^unexpected word "extra"/],
  [['read', 'ttcp_1', 'db.example'], 3, /The alias "db.example" stands beside the id ttcp_1/],
  [['connect', '-authz-token', 'nonsense'], 3, /authorization token/],
  [['connect', '-authz-token', 'x', '-target-id', 't'], 3, /-authz-token excludes/],
  [['connect', '-target-name', 'n'], 3, /exactly one of -target-scope-id/],
  [['connect', '-target-id', 't', '-listen-addr', 'nonsense'], 2, /must be an IP address/],
  [['connect', '-target-id', 't', '-listen-port', '99999'], 2, /from 0 to 65535/],
  [['connect', 'postgres', '-target-id', 't', '-exec', 'no-such-program'], 2, /not on the PATH/],
  [['connect', 'postgres', '-target-id', 't', '-style', 'x'], 3, /-style "x" is unknown/],
  [['connect', 'db.example', ...NOWHERE], 2, /nothing listens/],
])('%p ends with %i', async (argv, exit, message) => {
  const outcome = await runCli(argv);
  expect(outcome.stderr).toMatch(message);
  expect({ exit: outcome.exit, stdout: outcome.stdout }).toEqual({ exit, stdout: '' });
});

test('errors are JSON when the output is, in either spelling of the flag', async () => {
  for (const format of [['-format', 'json'], ['--format=JSON'], []]) {
    const env = format.length === 0 ? { BOUNDARY_CLI_FORMAT: 'json' } : {};
    const { stderr } = await runCli(['targets', 'read', ...format, ...NOWHERE], { env });
    expect(JSON.parse(stderr)).toEqual({ error: expect.stringContaining('-id') as string });
  }
});

test('curl commands', async () => {
  const curl = async (...argv: string[]): Promise<string> =>
    (await runCli([...argv, '-keyring-type', 'none', '-output-curl-string'])).stdout.trim();
  const head = '-H "Authorization: Bearer $(sallyport config get-token)" -H "Content-Type: application/json"';
  const url = 'http://127.0.0.1:9200/v1/targets';
  expect(await curl('targets', 'list', '-scope-id', 'p_1', '-filter', 'a&b')).toBe(
    `curl ${head} '${url}?filter=a%26b&scope_id=p_1'`,
  );
  expect(await curl('targets', 'create', 'tcp', '-scope-id', 'p_1', '-name', "it's", '-default-port', '22')).toBe(
    `curl -X POST ${head} -d '{"attributes":{"default_port":22},"name":"it'"'"'s","scope_id":"p_1","type":"tcp"}' '${url}'`,
  );
  expect(await curl('update', 'ttcp_1', '-version', '3', '-description', 'null', '-default-client-port', 'null')).toBe(
    `curl -X PATCH ${head} -d '{"attributes":{"default_client_port":null},"description":null,"version":3}' '${url}/ttcp_1'`,
  );
  expect(await curl('delete', 'ttcp_1')).toBe(`curl -X DELETE ${head} '${url}/ttcp_1'`);
  expect(await curl('targets', 'authorize-session', 'db.example')).toBe(
    `curl -X POST ${head} -d '{}' '${url}/db.example:authorize-session'`,
  );
  expect(await curl('scopes', 'create', '-scope-id', 'o_1', '-skip-default-role-creation')).toBe(
    `curl -X POST ${head} -d '{"scope_id":"o_1"}' 'http://127.0.0.1:9200/v1/scopes?skip_default_role_creation=true'`,
  );
});

test('a scope in the environment does not disturb authorize-session by id', async () => {
  const argv = ['targets', 'authorize-session', '-id', 't', '-keyring-type', 'none', '-output-curl-string'];
  expect((await runCli(argv, { env: { BOUNDARY_SCOPE_ID: 'p_1' } })).exit).toBe(0);
});

test('version, in both formats and by its flag alone', async () => {
  const { stdout } = await runCli(['version']);
  expect(stdout).toMatch(/^\nVersion information:\n {2}Version Number: {6}\d+\.\d+\.\d+\S*\n\n$/);
  expect((await runCli(['-version'])).stdout).toBe(stdout);
  expect(JSON.parse((await runCli(['version', '-format', 'json'])).stdout)).toEqual({
    version: expect.stringMatching(/^\d/) as string,
  });
});

test('a command needs no current directory', async () => {
  const before = process.cwd();
  const gone = mkdtempSync(join(tmpdir(), 'gone-'));
  process.chdir(gone);
  rmdirSync(gone);
  try {
    expect(() => process.cwd()).toThrow('ENOENT');
    expect(await runCli(['targets', 'list', '-format', 'json', '-nope'])).toMatchObject({
      exit: 3,
      stderr: '{"error":"flag provided but not defined: -nope"}\n',
    });
  } finally {
    process.chdir(before);
  }
});
