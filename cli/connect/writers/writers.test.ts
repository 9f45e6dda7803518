/**
 * Every writer with hostile values; where there is a program for its format, that program reads
 * them back.
 */
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { describeWith } from '../../../test/harness/tools';
import { startPostgresAsker, startRedisAsker, type Asker } from '../../../test/harness/password-askers';
import { SecretFiles } from '../secret-files';
import { checkCqlshUser, cqlshPasswordFile } from './cqlsh-credentials';
import { Inexpressible } from './inexpressible';
import { mongoLoginFile, mongoLoginScript } from './mongo-login';
import { mysqlPasswordFile } from './mysql-options';
import { pgpassFile } from './pgpass';
import { shellWord } from '../../io/shell';
import { hostKeyAlias, sshUser, typedPassword } from './ssh-words';
import { hostName, rdpUrl, webUrl } from './url';
import { checkLaunch, joinedOption } from './words';

/** Signs that mean something somewhere. */
const SIGNS = [
  ...'\n\r\t\b\0\\:"\'`#;=*%$!@/?&[]{}()<>|~^-+ ,.aZ9',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u00a0',
  'ü',
  '漢',
  '👍',
  '\ud800',
];
const hostile = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 1, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
  fc.constantFrom(
    'x\npager=sh -c id',
    '*',
    '"',
    '\\',
    ' a ',
    '-oProxyCommand=id',
    '--eval=1',
    '%s',
    '${x}',
    '#',
    '[client]',
  ),
);
const RUNS = { numRuns: 40 };

let files: SecretFiles;
beforeEach(() => (files = new SecretFiles()));
afterEach(() => files.remove(() => undefined));

/** The value as the writer has it, or undefined where it refuses; any other failure is one. */
function written<T>(write: () => T, secret: string): T | undefined {
  try {
    return write();
  } catch (error) {
    expect(error).toBeInstanceOf(Inexpressible);
    // A long secret in a message would be no accident.
    if (secret.length > 8) expect((error as Error).message).not.toContain(secret);
    return undefined;
  }
}

interface Ran {
  stdout: string;
  code: number | null;
}

function run(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const stdio = ['ignore', 'pipe', 'pipe', ...files.descriptors] as const;
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: [...stdio] });
  let stdout = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.resume();
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ stdout, code }));
  });
}

describeWith(['psql'], 'psql', () => {
  let server: Asker;
  beforeAll(async () => (server = await startPostgresAsker()));
  afterAll(() => server.close());

  const ask = (host: string, port: number, username: string, file: string): Promise<Ran> =>
    run('psql', ['-w', '-h', host, '-p', String(port), '-U', username, '-d', 'd', '-c', 'x'], {
      PGPASSFILE: file,
      PGSSLMODE: 'disable',
    });

  test('sends each password that its file can hold, for each user name', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (username, password) => {
        const entry = { host: '127.0.0.1', port: server.port, username, password };
        const text = written(() => pgpassFile(entry), password);
        if (text === undefined) return expect(username + password).toMatch(/[\0\r\n*]|\p{Cs}/u);
        const own = (files = new SecretFiles());
        server.given.length = 0;
        await ask('127.0.0.1', server.port, username, own.forChild(text));
        own.remove(() => undefined);
        expect(server.given).toEqual([{ username, password }]);
      }),
      RUNS,
    );
  }, 60_000);

  test('keeps the password from another port, host and user', async () => {
    const entry = { host: '127.0.0.1', port: server.port, username: 'u', password: 'p' };
    const other = await startPostgresAsker();
    server.given.length = 0;
    const file = files.forChild(pgpassFile(entry));
    await ask('127.0.0.1', other.port, 'u', file);
    await ask('localhost', server.port, 'u', file);
    await ask('127.0.0.1', server.port, 'v', file);
    other.close();
    expect([...other.given, ...server.given]).toEqual([]);
    // The same file serves the next connection of the same program.
    await ask('127.0.0.1', server.port, 'u', file);
    expect(server.given).toEqual([{ username: 'u', password: 'p' }]);
  });
});

describeWith(['my_print_defaults'], 'my_print_defaults', () => {
  const read = async (text: string): Promise<string> => {
    const own = (files = new SecretFiles());
    const { stdout } = await run('my_print_defaults', [`--defaults-file=${own.forChild(text)}`, 'client']);
    own.remove(() => undefined);
    return stdout;
  };

  test('reads one option, with the password as it was', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (password) => {
        const text = written(() => mysqlPasswordFile(password), password);
        if (text === undefined) return expect(password).toMatch(/\0|\p{Cs}/u);
        expect(await read(text)).toBe(`--password=${password}\n`);
      }),
      RUNS,
    );
  }, 60_000);

  test('a password that does not fit into one line of the program is refused, one that fits is read', async () => {
    const longest = 'x'.repeat(3_900);
    expect(await read(mysqlPasswordFile(longest))).toBe(`--password=${longest}\n`);
    expect(() => mysqlPasswordFile(`${'x'.repeat(4_090)}\npager=id`)).toThrow(Inexpressible);
  });
});

describeWith(['redis-cli'], 'redis-cli', () => {
  test('sends each user name and password', async () => {
    const server = await startRedisAsker();
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (username, password) => {
        const env = { REDISCLI_AUTH: password };
        const args = ['-h', '127.0.0.1', '-p', String(server.port), '--user', username, 'ping'];
        if (written(() => (checkLaunch(args, env), true), password) === undefined)
          return expect(username + password).toMatch(/\0|\p{Cs}/u);
        server.given.length = 0;
        await run('redis-cli', args, env);
        expect(server.given[0]).toEqual({ username, password });
      }),
      RUNS,
    );
    server.close();
  }, 60_000);
});

describeWith(['ssh'], 'ssh', () => {
  test('understands user and alias as they are, and nothing else changes', async () => {
    const config = async (...args: string[]): Promise<string[]> =>
      (await run('ssh', ['-F', 'none', '-G', ...args, '127.0.0.1'])).stdout.split('\n');
    const plain = (await config('-l', 'u', '-o', 'HostKeyAlias=a')).filter(
      (line) => !/^(user|hostkeyalias) /.test(line),
    );
    await fc.assert(
      fc.asyncProperty(hostile, fc.oneof(hostile, fc.constant('hst_1234567890')), async (name, id) => {
        const user = written(() => sshUser(name), name) ?? 'u';
        const alias = written(() => hostKeyAlias(id), id) ?? 'HostKeyAlias=a';
        const lines = await config('-l', user, '-o', alias);
        expect(lines.filter((line) => !/^(user|hostkeyalias) /.test(line))).toEqual(plain);
        expect(lines).toContain(`user ${user}`);
        expect(lines).toContain(`hostkeyalias ${alias.slice('HostKeyAlias='.length)}`);
      }),
      RUNS,
    );
  }, 60_000);
});

describeWith(['curl'], 'curl', () => {
  test('asks the host that was named, and sends no header of others', async () => {
    const heads: string[][] = [];
    const web: Server = createServer((request, response) => {
      heads.push(request.rawHeaders);
      response.end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => web.once('listening', resolve));
    const { port } = web.address() as AddressInfo;
    const names = fc.oneof(hostile, fc.stringMatching(/^[a-z0-9_.-]{1,20}$/), fc.domain(), fc.ipV6(), fc.ipV4());
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const host = written(() => hostName(name), name);
        if (host === undefined) return;
        heads.length = 0;
        const args = ['-s', '--noproxy', '*', '-H', `Host: ${host}`, '--connect-to', `::127.0.0.1:${port}`];
        await run('curl', [...args, webUrl('http', host, port, 'a')]);
        // What curl takes for no name it does not ask; what it asks, it asks as it is.
        for (const head of heads)
          expect(head.filter((_, at) => at % 2 === 0).sort()).toEqual(['Accept', 'Host', 'User-Agent']);
        for (const head of heads) expect(head[head.indexOf('Host') + 1]).toBe(host);
      }),
      RUNS,
    );
    web.close();
  }, 60_000);
});

describeWith(['python3'], "Python's configparser", () => {
  const READ = `
import configparser, json, sys
parser = configparser.ConfigParser(interpolation=None)
parser.read(sys.argv[1])
raw = configparser.RawConfigParser()
raw.read(sys.argv[1])
print(json.dumps([{s: dict(p.items(s)) for s in p.sections()} for p in (parser, raw)]))`;

  test('reads two sections with one value each, the password as it was', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (password) => {
        const text = written(() => cqlshPasswordFile(password), password);
        if (text === undefined)
          return expect(password).toMatch(/[\r\n\0]|\p{Cs}|^[\s\x1c-\x1f\x85]|[\s\x1c-\x1f\x85]$/u);
        const own = (files = new SecretFiles());
        const { stdout } = await run('python3', ['-X', 'utf8', '-c', READ, own.forChild(text)]);
        own.remove(() => undefined);
        const whole = { plain_text_auth: { password }, PlainTextAuthProvider: { password } };
        expect(JSON.parse(stdout)).toEqual([whole, whole]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

test('the login of mongosh is JSON, its script a text of JavaScript with two texts in it', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, (username, password, database) => {
      const text = written(() => mongoLoginFile({ username, password }), password);
      if (text !== undefined) expect(JSON.parse(text)).toEqual({ user: username, pwd: password });
      else expect(username + password).toMatch(/\0|\p{Cs}|=[^]*=(2C|3D)|,[^]*,/u);
      const calls: unknown[] = [];
      const auth = (login: unknown): number => calls.push(login);
      const db = { getSiblingDB: (name: string) => (calls.push(name), { auth }) };
      const load = (): unknown => ({ readFileSync: (path: string) => JSON.stringify({ path }) });
      runInNewContext(mongoLoginScript(database, database), { db, require: load });
      expect(calls).toEqual([database, { path: database }]);
    }),
  );
});

test('a shell reads a word as one word', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (word) => {
      if (/\0|\p{Cs}/u.test(word)) return;
      expect((await run('sh', ['-c', `printf %s ${shellWord(word)}`])).stdout).toBe(word);
    }),
    { numRuns: 25 },
  );
});

test('what sshpass types has no keys in it', () => {
  fc.assert(
    fc.property(hostile, (password) => {
      const typed = written(() => typedPassword(password), password);
      if (typed === undefined) expect(password).toMatch(/[\x00-\x1f\x7f]|\p{Cs}/u);
      else expect(typed).toBe(password);
    }),
  );
});

test.each(['-oProxyCommand=id', 'a;id', '$(id)', 'a`id`', "a'b", 'a\nb', 'a -b', 'a\\', 'a|b', 'a\0'])(
  'ssh gets no user name %j',
  (name) => expect(() => sshUser(name)).toThrow(Inexpressible),
);

test.each(['DOMAIN\\user', 'user@example.com', 'first.last', 'ü-x', 'a b'])('ssh gets the user name %j', (name) =>
  expect(sshUser(name)).toBe(name),
);

test.each(['a b', 'a\r\nX: y', '-x', 'a/b', 'a:1', 'a@b', '', 'a?b', '[::1]', 'a#b', 'a%20b'])(
  'no host is called %j',
  (name) => expect(() => hostName(name)).toThrow(Inexpressible),
);

test('URLs', () => {
  expect(webUrl('https', '::1', 8, '/a?b=c')).toBe('https://[::1]:8/a?b=c');
  expect(rdpUrl('127.0.0.1', 9)).toBe('rdp://full%20address=s%3A127.0.0.1%3A9');
  expect(() => webUrl('x y', 'h', 1)).toThrow(Inexpressible);
  expect(() => webUrl('http', 'h', 1, 'a\nb')).toThrow(Inexpressible);
});

test('a value with a dash at its start is no option of its own', () => {
  expect(joinedOption('-u', '--username', '--eval=1')).toEqual(['--username=--eval=1']);
  expect(joinedOption('-u', '--username', 'u')).toEqual(['-u', 'u']);
  expect(joinedOption('-u', '--username', '')).toEqual([]);
});

test('user names that a program would change are refused', () => {
  expect(() => checkCqlshUser('--')).toThrow(Inexpressible);
  expect(() => checkCqlshUser('--x')).not.toThrow();
  for (const username of ['a,b,c', ',,', '==2C', 'a=b=3D'])
    expect(() => mongoLoginFile({ username, password: 'p' })).toThrow(Inexpressible);
  for (const username of ['cn=a,ou=b', '=2C', '===', '=2c=2c', ','])
    expect(JSON.parse(mongoLoginFile({ username, password: 'p' }))).toEqual({ user: username, pwd: 'p' });
});

test('what is too long for an argument or a variable is refused, the longest that the system takes is not', async () => {
  const longest = 'x'.repeat(131_071);
  checkLaunch([longest], { V: longest.slice(2) });
  expect(await run('true', [longest], { V: longest.slice(2) })).toMatchObject({ code: 0 });
  expect(() => checkLaunch([`${longest}x`], {})).toThrow(/argument has too many bytes/);
  expect(() => checkLaunch([], { V: longest.slice(1) })).toThrow(/value of V has too many bytes/);
});

test('a NUL in an argument or a variable is refused without naming the value', () => {
  expect(() => checkLaunch(['secret\0word'], {})).toThrow(/argument has a NUL/);
  expect(() => checkLaunch([], { REDISCLI_AUTH: 'secret\0word' })).toThrow(/^(?!.*secret).*REDISCLI_AUTH/);
});
