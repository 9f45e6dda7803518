/** Credentials from the command line to the session that brings them, and into the real psql. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDev, type Dev } from '../harness/dev';
import { describeWith } from '../harness/tools';

const PROJECT = 'p_1234567890';
const TARGET = 'ttcp_1234567890';
const DEMO = 'Generated local postgres target with alias';

let dev: Dev;
let files: string;
let store: string;
beforeAll(async () => {
  dev = await startDev();
  files = mkdtempSync(join(tmpdir(), 'sallyport-credentials-'));
  const env = { PW: 'password' };
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  expect((await dev.cli(['authenticate', 'password', ...flags], { env })).code).toBe(0);
  store = (await json(['credential-stores', 'create', 'static', '-scope-id', PROJECT])).item.id as string;
}, 120_000);
afterAll(async () => {
  rmSync(files, { recursive: true, force: true });
  await dev.stop();
});

async function json(args: string[], env: Record<string, string> = {}): Promise<any> {
  const { stdout, stderr } = await dev.cli([...args, '-format', 'json'], { env });
  if (stdout === '') throw new Error(`${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

function fileWith(name: string, text: string): string {
  const path = join(files, name);
  writeFileSync(path, text);
  return `file://${path}`;
}

const create = async (kind: string, ...flags: string[]): Promise<any> =>
  (await json(['credentials', 'create', kind, '-credential-store-id', store, ...flags], { P: 'p' })).item;

/** Credentials of a session of the target when it brokers these. */
async function brokered(...ids: string[]): Promise<any[]> {
  const sources = ids.flatMap((id) => ['-brokered-credential-source', id]);
  await json(['targets', 'set-credential-sources', '-id', TARGET, ...sources]);
  return (await json(['targets', 'authorize-session', '-id', TARGET])).item.credentials as any[];
}

test('a session brings the credentials of its target, with the fields of their types', async () => {
  const password = ['-password', 'env://P'];
  const up = await create('username-password', '-username', 'u', '-name', 'up', '-description', 'd', ...password);
  const upd = await create('username-password-domain', '-username', 'corp\\u', ...password);
  const pw = await create('password', ...password);
  const js = await create('json', '-kv', 'b.c=1', '-string-kv', 'a=<&>', '-kv', 'n=null');
  const got = await brokered(up.id, upd.id, pw.id, js.id);
  const byId = Object.fromEntries(got.map((one) => [one.credential_source.id, one]));
  expect(byId[up.id]).toEqual({
    credential_source: {
      id: up.id,
      name: 'up',
      description: 'd',
      credential_store_id: store,
      type: 'static',
      credential_type: 'username_password',
    },
    secret: {
      raw: Buffer.from('{"password":"p","username":"u"}').toString('base64'),
      decoded: { username: 'u', password: 'p' },
    },
    credential: { username: 'u', password: 'p' },
  });
  expect(byId[upd.id].credential).toEqual({ username: 'u', password: 'p', domain: 'corp' });
  expect(byId[pw.id].credential).toEqual({ password: 'p' });
  expect(byId[js.id].credential).toEqual({ a: '<&>', b: { c: 1 }, n: null });
  const changed = ['credentials', 'update', 'username-password', '-id', up.id, '-password', 'env://P'];
  await json(changed, { P: 'other' });
  expect((await brokered(up.id))[0].credential).toEqual({ username: 'u', password: 'other' });
  const { stdout } = await dev.cli(['targets', 'authorize-session', '-id', TARGET]);
  expect(stdout.slice(stdout.indexOf('  Credentials:'))).toBe(
    [
      '  Credentials:',
      `    Credential Store ID:           ${store}`,
      `    Credential Source ID:          ${up.id}`,
      '    Credential Source Type:        static',
      '    Credential Source Name:        up',
      '    Credential Source Description: d',
      '    Credential Type:               username_password',
      '    Secret:',
      '      password:   other',
      '      username:   u',
      '',
      '',
    ].join('\n'),
  );
  await json(['targets', 'set-credential-sources', '-id', TARGET, '-brokered-credential-source', 'null']);
});

test('users of a target get its credentials, and cannot read them otherwise', async () => {
  const { id } = await create('password', '-password', 'env://P');
  await brokered(id);
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'user', '-password', 'env://PW'];
  const login = await json(['authenticate', 'password', ...flags, '-keyring-type', 'none'], { PW: 'password' });
  const asUser = ['-token', 'env://T'];
  const env = { T: login.item.attributes.token as string };
  const session = await json(['targets', 'authorize-session', '-id', TARGET, ...asUser], env);
  expect(session.item.credentials[0].credential).toEqual({ password: 'p' });
  expect((await dev.cli(['credentials', 'read', '-id', id, ...asUser], { env })).code).toBe(1);
  await json(['targets', 'remove-credential-sources', '-id', TARGET, '-brokered-credential-source', id]);
});

test('secrets on the command line and user names with two domains are refused before anything is sent', async () => {
  const refused = async (...args: string[]) =>
    (await dev.cli(['credentials', 'create', ...args, '-credential-store-id', store], { env: { P: 'p' } })).code;
  expect(await refused('password', '-password', 'plain')).toBe(3);
  const withDomain = ['username-password-domain', '-password', 'env://P', '-username'];
  for (const name of ['a@b@c', 'a\\b@c', '@b', 'a\\']) expect(await refused(...withDomain, name)).toBe(3);
  expect(await refused(...withDomain, 'a@b', '-domain', 'c')).toBe(3);
  expect(await refused('json', '-object', '{}', '-kv', 'a=1')).toBe(3);
  // A variable that is not set is an error of the command line.
  expect(await refused('password', '-password', 'env://NOPE')).toBe(3);
});

describeWith(['ssh-keygen'], 'SSH keys', () => {
  const keyWith = (passphrase: string): string => {
    const path = join(files, `key-${passphrase}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-f', path, '-N', passphrase, '-C', '']);
    return path;
  };

  test('a key arrives in the session as it was; its passphrase is checked here', async () => {
    const [plain, locked] = [keyWith(''), keyWith('opensesame')];
    const ssh = ['-username', 'u', '-private-key'];
    const good = await create('ssh-private-key', ...ssh, `file://${plain}`);
    expect((await brokered(good.id))[0].credential).toEqual({
      username: 'u',
      private_key: readFileSync(plain, 'utf8'),
    });
    const [right, wrong] = [fileWith('right', 'opensesame\n'), fileWith('wrong', 'nope')];
    const flags = ['credentials', 'create', 'ssh-private-key', '-credential-store-id', store, ...ssh];
    const withPassphrase = (key: string, passphrase: string) =>
      dev.cli([...flags, `file://${key}`, '-private-key-passphrase', passphrase]);
    expect((await withPassphrase(locked, right)).stdout).toContain('Private Key Passphrase HMAC:');
    expect((await withPassphrase(locked, wrong)).code).toBe(3);
    expect(await withPassphrase(plain, right)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('-private-key-passphrase is ignored'),
    });
    expect((await dev.cli([...flags, `file://${locked}`], { input: 'opensesame\n' })).code).toBe(0);
    expect((await dev.cli([...flags, fileWith('no-key', 'nope')])).code).toBe(3);
    await json(['targets', 'set-credential-sources', '-id', TARGET, '-brokered-credential-source', 'null']);
  });
});

describeWith(['psql'], 'the demo target', () => {
  test('brings the credential of the demo database, which works in psql', async () => {
    const filter = `"/item/name" == "${DEMO}"`;
    const { items } = await json(['targets', 'list', '-scope-id', PROJECT, '-filter', filter]);
    const { item } = await json(['targets', 'authorize-session', '-id', items[0].id]);
    const [{ credential }] = item.credentials;
    expect(credential).toEqual({ username: dev.demoUrl.username, password: expect.stringMatching(/./) });
    const psql = ['-h', '{{boundary.ip}}', '-p', '{{boundary.port}}', '-U', credential.username];
    const query = ['-d', dev.demoUrl.pathname.slice(1), '-At', '-c', 'select 6 * 7'];
    const args = ['connect', '-authz-token', item.authorization_token, '-exec', 'psql', '--', ...psql, ...query];
    const outcome = await dev.cli(args, { env: { PGPASSWORD: credential.password } });
    expect({ code: outcome.code, last: outcome.stdout.trim().split('\n').at(-1) }).toEqual({ code: 0, last: '42' });
  });
});
