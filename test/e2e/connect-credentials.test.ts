/**
 * Helpers with the credentials that a session brings, and -stdio: real programs where they are
 * there.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SALLYPORT, startDev, type Dev } from '../harness/dev';
import { freePorts, run, type Live } from '../harness/process';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';

const PROJECT = 'p_1234567890';
const TARGET = 'ttcp_1234567890';
const DEMO = 'Generated local postgres target with alias';
/** Options that keep ssh at its session. */
const DIRECT = '-o ProxyCommand=none -o HostName=127.0.0.1 -o ControlPath=none';
/** Prints its arguments, and of files among them the mode and the text. */
const SHOW =
  '#!/bin/sh\necho "$@"\nfor word in "$@" "$PGPASSFILE"; do\n  word=${word#--defaults-file=}\n' +
  '  case "$word" in /dev/fd/*|/proc/*) stat -L -c %a "$word"; cat "$word";; esac\ndone\n' +
  'case "$*" in *getSiblingDB*) cat /dev/fd/3; echo;; esac\necho "${REDISCLI_AUTH}${SSHPASS}"\n';

let dev: Dev;
let files: string;
let store: string;
let show: string;
beforeAll(async () => {
  dev = await startDev();
  files = mkdtempSync(join(tmpdir(), 'connect-credentials-'));
  show = join(files, 'show');
  writeFileSync(show, SHOW, { mode: 0o755 });
  const flags = ['-auth-method-id', 'ampw_1234567890', '-login-name', 'admin', '-password', 'env://PW'];
  expect((await dev.cli(['authenticate', 'password', ...flags], { env: { PW: 'password' } })).code).toBe(0);
  store = (await json(['credential-stores', 'create', 'static', '-scope-id', PROJECT])).item.id as string;
}, 120_000);
afterAll(async () => {
  rmSync(files, { recursive: true, force: true });
  await dev.stop();
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function json(args: string[], env: Record<string, string> = {}): Promise<any> {
  const { stdout, stderr } = await dev.cli([...args, '-format', 'json'], { env });
  if (stdout === '') throw new Error(`${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

/** Lets the target broker one new credential. */
async function broker(kind: string, flags: string[], env: Record<string, string>): Promise<string> {
  const { item } = await json(['credentials', 'create', kind, '-credential-store-id', store, ...flags], env);
  await json(['targets', 'set-credential-sources', '-id', TARGET, '-brokered-credential-source', item.id]);
  return item.id as string;
}

/** Standard output of a helper that runs {@link SHOW}, with ports and random names left out. */
const shown = (helper: string, ...flags: string[]): Promise<string> => shownWith('', helper, ...flags);

/** The same, while the command says that. */
async function shownWith(said: unknown, helper: string, ...flags: string[]): Promise<string> {
  const outcome = await dev.cli(['connect', helper, '-target-id', TARGET, '-exec', show, ...flags]);
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: said });
  return outcome.stdout.replace(/\b\d{5}\b/g, 'PORT').replaceAll('/dev/fd/3', 'FILE');
}

test('each helper is given the login in the form of its program, in no argument where that is possible', async () => {
  await broker('username-password', ['-username', 'u', '-password', 'env://P'], { P: 'p:\\"w' });
  const db = ['-dbname', 'db'];
  expect(await shown('postgres', ...db)).toBe(
    '-p PORT -h 127.0.0.1 -d db -U u\n600\n127.0.0.1:PORT:*:u:p\\:\\\\"w\n\n',
  );
  expect(await shown('mysql', ...db, '--', '-v')).toBe(
    '--defaults-file=FILE -P PORT -h 127.0.0.1 -D db -u u -v\n600\n[client]\npassword="p:\\\\\\"w"\n\n',
  );
  expect(await shown('cassandra', '-keyspace', 'ks')).toBe(
    '-u u -k ks --credentials FILE 127.0.0.1 PORT\n600\n[plain_text_auth]\npassword = p:\\"w\n[PlainTextAuthProvider]\npassword = p:\\"w\n\n',
  );
  expect(await shown('redis')).toBe('-h 127.0.0.1 -p PORT --user u\np:\\"w\n');
  const login = '{"user":"u","pwd":"p:\\"w'.replace('\\"', '\\\\\\"') + '"}';
  const script = 'void db.getSiblingDB("a").auth(JSON.parse(require("fs").readFileSync("FILE", "utf8")))';
  const mongo = ['mongo', ...db, '-authentication-database', 'a'] as const;
  expect(await shown(...mongo)).toBe(`--eval ${script} --shell --port PORT --host 127.0.0.1 db\n${login}\n\n`);
  expect(await shown(...mongo, '--', '--eval', '1')).toBe(
    `--eval ${script} --port PORT --host 127.0.0.1 db --eval 1\n${login}\n\n`,
  );
  expect(await shown('ssh', '-style', 'sshpass', '-remote-command', 'ls -l')).toBe(
    `-e ssh -p PORT -o NoHostAuthenticationForLocalhost=yes ${DIRECT} -l u 127.0.0.1 ls -l\np:\\"w\n`,
  );
  // Programs that take no password: the credential is printed, and only its user name is used.
  const printed = /^Credentials:\n[^]*\n {8}password: {3}p:\\"w\n {8}username: {3}u\n\n$/;
  const typed = (...words: [string, ...string[]]) => shownWith(expect.stringMatching(printed), ...words);
  expect(await typed('ssh', '-style', 'putty')).toBe('-P PORT -l u 127.0.0.1\n\n');
  expect(await typed('ssh', '--', 'whoami', '-x')).toMatch(
    new RegExp(`^-p PORT -o HostKeyAlias=\\w+ ${DIRECT} -l u 127\\.0\\.0\\.1 whoami -x\n\n$`),
  );
  expect(await typed('kube', '--', 'get', 'pods', '--', 'x')).toMatch(
    /^--tls-server-name \S+ --server https:\/\/127\.0\.0\.1:PORT get pods -- x\n\n$/,
  );
  expect(await typed('rdp', '-style', 'open')).toMatch(/^-W rdp:\/\/full%20address=s%3A127\.0\.0\.1%3A\d+\n\n$/);
  expect(await typed('http', '-host', 'name:8080', '-scheme', 'http', '--', '-v')).toMatch(
    /^-q --noproxy \* -H Host: name:8080 --resolve name:PORT:127\.0\.0\.1 http:\/\/name:PORT -v\n\n$/,
  );
});

/** Starts a helper whose program waits, and answers the process of the program once it runs. */
async function waiting(helper: string, ...flags: string[]): Promise<{ live: Live; pid: number }> {
  const wait = join(files, 'wait');
  writeFileSync(wait, '#!/bin/sh\necho "pid $$"\nexec sleep 60\n', { mode: 0o755 });
  const live = dev.cliLive(['connect', helper, '-target-id', TARGET, '-exec', wait, ...flags], {
    env: { TMPDIR: join(files, 'tmp') },
  });
  return { live, pid: Number((await live.output(/pid (\d+)/))[1]) };
}

test('no process shows a secret in its arguments, and a helper that is killed leaves no file', async () => {
  const secret = 'canary-of-this-test';
  mkdirSync(join(files, 'tmp'));
  await broker('username-password', ['-username', 'u', '-password', 'env://P'], { P: secret });
  const helpers = [['postgres'], ['mysql'], ['cassandra'], ['redis'], ['mongo'], ['ssh', '-style', 'sshpass']];
  for (const [helper, ...flags] of helpers as [string, ...string[]][]) {
    const { live, pid } = await waiting(helper, ...flags);
    try {
      const shown = (name: string, process: number): string => readFileSync(`/proc/${process}/${name}`, 'utf8');
      for (const one of [pid, live.child.pid!]) expect(shown('cmdline', one)).not.toContain(secret);
      // Only the program, and only where it takes it so.
      expect({ helper, inEnvironment: shown('environ', pid).includes(secret) }).toEqual({
        helper,
        inEnvironment: /redis|ssh/.test(helper),
      });
      expect(shown('environ', live.child.pid!)).not.toContain(secret);
      expect(readdirSync(join(files, 'tmp'))).toEqual([]);
    } finally {
      live.child.kill('SIGKILL');
      // It holds standard output too.
      process.kill(pid, 'SIGKILL');
      await live.finished;
    }
    expect(readdirSync(join(files, 'tmp'))).toEqual([]);
  }
}, 120_000);

test.each([
  ['postgres', 'x\ny', 'a line break'],
  ['cassandra', 'x\ny', 'a line break'],
  ['mysql', `${'x'.repeat(4_100)}\npager=sh -c id`, 'too many bytes'],
])('what the file of %s cannot hold is refused, without a word of the secret', async (helper, password, has) => {
  await broker('username-password', ['-username', 'u', '-password', `file://${textFile(password)}`], {});
  const outcome = await dev.cli(['connect', helper, '-target-id', TARGET, '-exec', show]);
  expect([outcome.code, outcome.stdout]).toEqual([2, '']);
  expect(outcome.stderr).toContain(`The password has ${has}`);
  expect(outcome.stderr).not.toContain('pager');
});

test('an option inside of a password stays inside of it: mysql', async () => {
  const evil = 'x"\npager=sh -c "echo owned"\n#';
  await broker('username-password', ['-username', 'u', '-password', `file://${textFile(evil)}`], {});
  const written = await shown('mysql', '-dbname', 'd');
  expect(written.split('\n').filter((line) => /^\s*pager/.test(line))).toEqual([]);
  expect(written).toContain('password="x\\"\\npager=sh -c \\"echo owned\\"\\n#"\n');
});

function textFile(text: string): string {
  const path = join(files, 'secret');
  writeFileSync(path, text);
  return path;
}

test('a password alone is for redis; without any login the programs ask', async () => {
  await broker('password', ['-password', 'env://P'], { P: 'secret' });
  expect(await shown('redis')).toBe('-h 127.0.0.1 -p PORT\nsecret\n');
  expect(await shownWith(expect.stringContaining('secret'), 'mysql', '-dbname', 'd')).toBe(
    '-p --protocol=TCP -P PORT -h 127.0.0.1 -D d\n\n',
  );
  await json(['targets', 'set-credential-sources', '-id', TARGET, '-brokered-credential-source', 'null']);
  expect(await shown('redis', '-username', 'me')).toBe('-h 127.0.0.1 -p PORT --user me --askpass\n\n');
  const refused = await dev.cli(['connect', 'ssh', '-style', 'sshpass', '-target-id', TARGET, '-exec', show]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('sshpass')]);
  const style = await dev.cli(['connect', 'ssh', '-style', 'telnet', '-target-id', TARGET]);
  expect([style.code, style.stderr]).toEqual([3, expect.stringContaining('telnet')]);
  const untold = await dev.cli(['connect', 'postgres', '-target-id', TARGET, '-exec', show]);
  expect([untold.code, untold.stderr]).toEqual([0, expect.stringContaining('-dbname')]);
});

const BLOCK = /^\nProxy listening information:\n[^]* {2}Session ID: +\S+\n$/;

test("standard output is the program's; what connect says stands on standard error, once, without a secret that was handed over", async () => {
  const id = await broker('username-password', ['-username', 'u', '-password', 'env://P'], { P: 'p:\\"w' });
  const words = ['-exec', 'sh', '--', '-c', 'echo "$SALLYPORT_BROKERED_USERNAME:$SALLYPORT_BROKERED_PASSWORD"'];
  const table = await dev.cli(['connect', '-target-id', TARGET, ...words]);
  expect(table).toMatchObject({ code: 0, stdout: 'u:p:\\"w\n', stderr: expect.stringMatching(BLOCK) });
  const json = await dev.cli(['connect', '-target-id', TARGET, '-format', 'json', ...words]);
  expect(json.stdout).toBe('u:p:\\"w\n');
  expect(JSON.parse(json.stderr)).toEqual(expect.objectContaining({ protocol: 'tcp' }));
  expect(json.stderr).not.toContain('credentials');
  // Nobody but the person can give it to curl.
  const left = await dev.cli(['connect', 'http', '-target-id', TARGET, '-exec', '/bin/true', '-format', 'json']);
  expect(left.stdout).toBe('');
  expect(JSON.parse(left.stderr).credentials[0].credential_source.id).toBe(id);
});

test('a program of -exec finds the credential in variables, templates and files, whatever it is', async () => {
  await broker('username-password', ['-username', 'u', '-password', 'env://P'], { P: 'p' });
  const exec = (...words: string[]) => dev.cli(['connect', '-target-id', TARGET, '-exec', 'sh', '--', '-c', ...words]);
  const filled = await exec('echo "$1"; cat "$2"', 'sh', '{{boundary.username}}', '{{ boundary.password_file }}');
  expect(filled).toMatchObject({ code: 0, stdout: 'u\np' });
  const secret = await exec('true', 'sh', '{{boundary.password}}');
  expect([secret.code, secret.stdout, secret.stderr]).toEqual([3, '', expect.stringMatching(/password_file/)]);
  const absent = await exec('true', 'sh', '{{boundary.domain}}');
  expect([absent.code, absent.stderr]).toEqual([3, expect.stringContaining('{{boundary.domain}}')]);
  await broker('json', ['-string-kv', 'a.b=x'], {});
  const json = await exec('echo "$SALLYPORT_BROKERED_SECRET"');
  expect(JSON.parse(json.stdout)).toEqual({ a: { b: 'x' } });
  expect(json.stderr).toMatch(BLOCK);
});

test('-username chooses among the credentials; the others are offered without their secrets', async () => {
  const create = async (username: string) => {
    const flags = ['-credential-store-id', store, '-username', username, '-password', 'env://P'];
    return (await json(['credentials', 'create', 'username-password', ...flags], { P: `secret of ${username}` })).item
      .id;
  };
  const ids = [await create('first'), await create('second')] as string[];
  const sources = ids.flatMap((id) => ['-brokered-credential-source', id]);
  await json(['targets', 'set-credential-sources', '-id', TARGET, ...sources]);
  const offered = (username: string) =>
    expect.stringMatching(
      new RegExp(
        `^Other credentials of the session, which can be chosen instead:\n  credup_\\w+: +-username ${username}\n$`,
      ),
    );
  for (const [own, other] of [
    ['first', 'second'],
    ['second', 'first'],
  ] as const) {
    const flags = ['-username', own, '-dbname', 'd'] as const;
    expect(await shownWith(offered(other), 'postgres', ...flags)).toContain(`:${own}:secret of ${own}\n`);
    expect(await shownWith(offered(other), 'redis', ...flags.slice(0, 2))).toContain(`\nsecret of ${own}\n`);
  }
  const nobody = await dev.cli(['connect', 'postgres', '-target-id', TARGET, '-exec', show, '-username', 'nobody']);
  expect([nobody.code, nobody.stdout]).toEqual([3, '']);
  expect(nobody.stderr).toMatch(/"(first|second)", "(first|second)"/);
  const words = ['-username', 'second', '-exec', 'sh', '--', '-c', 'echo $SALLYPORT_BROKERED_PASSWORD'];
  expect((await dev.cli(['connect', '-target-id', TARGET, ...words])).stdout).toBe('secret of second\n');
  await json(['targets', 'set-credential-sources', '-id', TARGET, '-brokered-credential-source', ids[0]!]);
  const warned = expect.stringContaining('goes before -username "me"');
  expect(await shownWith(warned, 'postgres', '-dbname', 'd', '-username', 'me')).toContain(' -U first\n');
});

describeWith(['psql'], 'psql', () => {
  test('logs in with the credential of the target, and nobody types a thing', async () => {
    const filter = `"/item/name" == "${DEMO}"`;
    const { items } = await json(['targets', 'list', '-scope-id', PROJECT, '-filter', filter]);
    const name = dev.demoUrl.pathname.slice(1);
    const query = ['-dbname', name, '--', '-w', '-At', '-c', 'select 6 * 7'];
    const outcome = await dev.cli(['connect', 'postgres', '-target-id', items[0].id, ...query]);
    expect(outcome).toMatchObject({ code: 0, stdout: '42\n' });
  });
});

/** A target for a port of this machine. */
async function targetFor(name: string, port: number): Promise<string> {
  const flags = ['-scope-id', PROJECT, '-name', name, '-address', '127.0.0.1', '-default-port', String(port)];
  return (await json(['targets', 'create', 'tcp', ...flags])).item.id as string;
}

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function endOfSession(target: string): Promise<any> {
  const filter = ['-include-terminated', '-filter', `"/item/target_id" == "${target}"`];
  return waitFor('the end of the session', async () => {
    const { items } = await json(['sessions', 'list', '-scope-id', PROJECT, ...filter]);
    return items[0].status === 'terminated' ? items[0] : undefined;
  });
}

describe('connect -stdio', () => {
  test('carries input and output whole, both ends of them, and then ends the session', async () => {
    // Answers only when it has heard everything.
    const port = await serve((socket) => {
      const heard: Buffer[] = [];
      socket.on('data', (chunk) => heard.push(chunk)).on('end', () => socket.end(Buffer.concat(heard)));
    });
    const target = await targetFor('whole', port);
    const input = Buffer.alloc(5_000_000, 'a line that is carried\n').toString();
    const outcome = await dev.cli(['connect', '-target-id', target, '-stdio'], { input });
    expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: '' });
    expect(outcome.stdout === input).toBe(true);
    await endOfSession(target);
  });

  test('an endpoint that refuses: status 1, the cause, nothing on standard output', async () => {
    const [port] = (await freePorts(1)) as [number];
    const target = await targetFor('refuses', port);
    const outcome = await dev.cli(['connect', '-target-id', target, '-stdio'], { input: 'x' });
    expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/refused/i) });
    await endOfSession(target);
  });

  test('an endpoint that hangs up ends it although input is open; a signal ends it too', async () => {
    const port = await serve((socket) => socket.end('bye'));
    const target = await targetFor('hangs-up', port);
    const live = dev.cliLive(['connect', '-target-id', target, '-stdio']);
    await live.output(/bye/);
    live.child.stdin!.end();
    expect((await live.finished).code).toBe(0);
    await endOfSession(target);
    const silent = await targetFor('silent', await serve((socket) => socket.on('error', () => undefined).write('hi')));
    const waiting = dev.cliLive(['connect', '-target-id', silent, '-stdio']);
    await waiting.output(/hi/);
    expect((await waiting.stop('SIGTERM')).code).toBe(0);
    await endOfSession(silent);
  });

  test('flags that make no sense with it', async () => {
    const exec = await dev.cli(['connect', '-target-id', TARGET, '-stdio', '-exec', 'x']);
    const token = await dev.cli(['connect', '-authz-token', '-', '-stdio']);
    expect([exec.code, token.code]).toEqual([3, 3]);
  });
});

const pathOf = (program: string): string =>
  execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();

/** An SSH server for the user of this process, with a key that may log in. */
async function startSshd(): Promise<{ port: number; key: string; stop(): void }> {
  const at = (name: string): string => join(files, name);
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at(name)]);
  writeFileSync(at('authorized'), readFileSync(at('user.pub')), { mode: 0o600 });
  const [port] = (await freePorts(1)) as [number];
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('authorized')}`,
    ...['UsePAM no', 'StrictModes no', 'PidFile none', 'PasswordAuthentication no', 'Subsystem sftp internal-sftp'],
  ];
  writeFileSync(at('sshd_config'), `${config.join('\n')}\n`);
  // As root it needs this directory, which a packaged service makes.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  // It insists on being started by its whole path.
  const child = spawn(pathOf('sshd'), ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await waitFor('sshd', () => Promise.resolve(/listening/.test(said)), { status: () => said });
  return { port, key: at('user'), stop: () => child.kill('SIGTERM') };
}

describeWith(['sshd', 'ssh', 'ssh-keygen', 'scp', 'rsync'], 'ssh, scp and rsync', () => {
  let server: Awaited<ReturnType<typeof startSshd>> | undefined;
  let target: string;
  const user = userInfo().username;
  beforeAll(async () => {
    server = await startSshd();
    target = await targetFor('sshd', server.port);
  });
  afterAll(() => server?.stop());

  const environment = () => ({ HOME: dev.home, SALLYPORT_ADDR: dev.apiAddress, SALLYPORT_KEYRING_TYPE: 'file' });
  const options = () => [
    ...['-F', 'none', '-i', server!.key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['-o', 'LogLevel=ERROR', '-o', `ProxyCommand=${SALLYPORT} connect -target-id ${target} -stdio`],
  ];

  test('through a ProxyCommand', async () => {
    const env = environment();
    const ssh = await run('ssh', [...options(), `${user}@any`, 'echo', 'over', 'there'], { env });
    expect(ssh).toMatchObject({ code: 0, stdout: 'over there\n' });
    await endOfSession(target);
    const data = join(files, 'data');
    writeFileSync(data, Buffer.alloc(3_000_000, 'some bytes '));
    const scp = await run('scp', [...options(), data, `${user}@any:${data}.scp`], { env });
    expect({ ...scp, same: readFileSync(`${data}.scp`).equals(readFileSync(data)) }).toMatchObject({
      code: 0,
      same: true,
    });
    const shell = join(files, 'rsh');
    const quoted = options().map((word) => `'${word}'`);
    writeFileSync(shell, `#!/bin/sh\nexec ssh ${quoted.join(' ')} "$@"\n`, { mode: 0o755 });
    const rsync = await run(
      'rsync',
      ['-e', shell, `--rsync-path=${pathOf('rsync')}`, data, `${user}@any:${data}.rsync`],
      { env },
    );
    expect(rsync.stderr).toBe('');
    expect({ ...rsync, same: readFileSync(`${data}.rsync`).equals(readFileSync(data)) }).toMatchObject({
      code: 0,
      same: true,
    });
  });

  test('the helper logs in with the key that the target brings', async () => {
    const key = ['-username', user, '-private-key', `file://${server!.key}`];
    const { item } = await json(['credentials', 'create', 'ssh-private-key', '-credential-store-id', store, ...key]);
    await json(['targets', 'set-credential-sources', '-id', target, '-brokered-credential-source', item.id]);
    const words = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
    const flags = ['-remote-command', 'echo in', '--', ...words, '-o', 'LogLevel=ERROR', '-o', 'IdentityAgent=none'];
    const outcome = await dev.cli(['connect', 'ssh', '-target-id', target, ...flags]);
    expect(outcome).toMatchObject({ code: 0, stdout: 'in\n' });
  });

  test('words are what to run over there, and no configuration leads the helper elsewhere', async () => {
    const config = join(files, 'ssh_config');
    const options = [
      'StrictHostKeyChecking no',
      'UserKnownHostsFile /dev/null',
      'LogLevel ERROR',
      'IdentityAgent none',
    ];
    const away = ['ProxyJump 127.0.0.2:1', 'HostName 127.0.0.2', `ControlPath ${join(files, 'shared')}`, 'Port 1'];
    writeFileSync(config, ['Host *', ...options, ...away, ''].join('\n'));
    const words = ['--', '-F', config, '-i', server!.key, 'echo', '$SSH_CONNECTION'];
    const outcome = await dev.cli(['connect', 'ssh', '-target-id', target, ...words]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(` 127.0.0.1 ${server!.port}\n`) });
  });
});
