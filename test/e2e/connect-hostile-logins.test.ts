/**
 * `connect cassandra` and `connect mongo` with logins that mean something to files, shells and
 * programs: the real programs, started by the real command, send them exactly as the controller has
 * them, or the command refuses them.
 */
import fc from 'fast-check';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { Api } from '../harness/api';
import { Canaries, processesLike, seenOf } from '../harness/canaries';
import { startDev, type Dev } from '../harness/dev';
import { startMongoLoginServer, type MongoLoginServer } from '../harness/mongo-login-server';
import { startCassandraAsker, type Asker } from '../harness/password-askers';
import type { Finished } from '../harness/process';
import { describeWith } from '../harness/tools';

const PROJECT = 'p_1234567890';
/** Programs that are started anew for each login: few random ones. */
const RANDOM_LOGINS = 2;
const SEED = Number(process.env['SALLYPORT_SEED'] ?? Date.now() % 2 ** 31);
const PAUSE_MS = 50;

interface Login {
  username: string;
  password: string;
}

const canaries = new Canaries();
/** Stands in each password, so that a part of one is found as well. */
const canary = canaries.plant('login');

type Row = readonly [name: string, username: string, password: string];

/** What both programs can be given. */
const LOGINS: readonly Row[] = [
  ['quotes and backslashes', `DOMAIN\\o'neil "x" \`y\`\\`, `'"\\\\${canary}\\n\\u0041"'\`\\`],
  [
    'percent signs and variables',
    '%(user)s %s ${HOME}$(id){{boundary.port}}',
    `%(password)s%%20\${HOME}$(id)${canary}`,
  ],
  ['signs of URLs and configuration files', '[u]:p@host/db?a#b;', `#;@${canary}:/?=[plain_text_auth]&!`],
  ['dashes at the start', '--password=x', `--eval=1${canary}`],
  ['letters beyond ASCII', 'zoë漢👍', `ü漢👍${canary}e\u0301\u200b\u202e`],
  ['control characters', 'a\tb\n\u0001\u001b[31m', `\u0001\t\u001b]0;${canary}\u007f\u0085z`],
  ['signs of SCRAM', '=2Ccn=a,ou=b', `n,,n=a,r=${canary}`],
  ['very long ones', 'u'.repeat(2_000), `${'p'.repeat(20_000)}${canary}`],
];
/** What neither can be given. */
const IMPOSSIBLE: readonly Row[] = [
  ['a NUL in the password', 'a', `x\0${canary}`],
  ['a NUL in the user name', 'a\0b', canary],
];

const SIGNS = [...'\n\t\\:"\'`#;=,%$!@/?&[]{}()<>|~^-+ aZ9', '\u001b', '\u0085', '\u00a0', 'ü', '漢', '👍'];
const hostile = (minLength: number) => fc.string({ unit: fc.constantFrom(...SIGNS), minLength, maxLength: 12 });

/** Logins from the seed, those that a program cannot send, or not to this server, left out. */
function randomLogins(possible: (login: Login) => boolean): [string, string, string][] {
  const logins = fc
    .record({ username: hostile(1), password: fc.tuple(hostile(0), hostile(0)).map((ends) => ends.join(canary)) })
    .filter(possible);
  return fc
    .sample(logins, { seed: SEED, numRuns: RANDOM_LOGINS })
    .map(({ username, password }, at) => [`random ${at}, SALLYPORT_SEED=${SEED}`, username, password]);
}

let dev: Dev;
let api: Api;
/** What all targets here bring: JSON holds any login. */
let credential: string;
beforeAll(async () => {
  dev = await startDev();
  api = new Api(dev.apiAddress);
  await api.login('ampw_1234567890', 'admin', 'password');
  const store = await api.ok('POST', '/v1/credential-stores', { scope_id: PROJECT, type: 'static' });
  const attributes = { object: { username: '-', password: '-' } };
  const body = { credential_store_id: store.id, type: 'json', attributes };
  credential = (await api.ok('POST', '/v1/credentials', body)).id;
}, 120_000);
afterAll(() => dev.stop());

/** A target for a port of this machine that brings the credential. */
async function targetFor(port: number): Promise<string> {
  const { id, version } = await api.target(PROJECT, port);
  const sources = { version, brokered_credential_source_ids: [credential] };
  await api.ok('POST', `/v1/targets/${id}:set-credential-sources`, sources);
  return id;
}

async function setLogin(login: Login): Promise<void> {
  const { version } = await api.ok('GET', `/v1/credentials/${credential}`);
  await api.ok('PATCH', `/v1/credentials/${credential}`, { version, attributes: { object: { ...login } } });
}

interface Watched extends Finished {
  /** Whether the arguments of the program were seen. */
  seen: boolean;
  /**
   * Arguments of any process of this machine, its environment besides, that held a part of a
   * password.
   */
  sung: string[];
}

/** Runs a helper with this login, and looks at all processes meanwhile. */
async function connect(
  helper: string,
  target: string,
  login: Login,
  words: string[],
  more: { env?: Record<string, string>; input?: string } = {},
): Promise<Watched> {
  await setLogin(login);
  const program = { cassandra: /cqlsh[^]*--credentials/, mongo: /mongosh[^]*--eval/ }[helper]!;
  const sung: string[] = [];
  let seen = false;
  const timer = setInterval(() => {
    for (const pid of processesLike(new RegExp(`${canary}|${program.source}`))) {
      const { arguments: words, environment } = seenOf(pid);
      if (words.includes(canary)) sung.push(words);
      if (!program.test(words)) continue;
      seen = true;
      if (canaries.sung(environment).length > 0) sung.push(`environment of ${words}`);
    }
  }, PAUSE_MS);
  try {
    const finished = await dev.cli(['connect', helper, '-target-id', target, '-token', 'env://T', ...words], {
      ...more,
      env: { T: api.token!, ...more.env },
    });
    return { ...finished, seen, sung };
  } finally {
    clearInterval(timer);
  }
}

/** A command that has refused a login before it started the program. */
function expectRefusal({ code, stdout, stderr, seen, sung }: Watched): void {
  expect({ code, stdout, seen, sung }).toEqual({ code: 2, stdout: '', seen: false, sung: [] });
  expect(stderr).toMatch(/The (user name|password|argument) (has|is) .* cannot hold; use "connect" alone/);
  expect(canaries.sung(stderr)).toEqual([]);
}

/** Nothing that the program keeps for itself in this directory of the user has a password in it. */
const keptIn = (directory: string): unknown =>
  existsSync(join(dev.home, directory)) ? canaries.sungIn(join(dev.home, directory)) : {};

describeWith(['cqlsh'], 'cqlsh', () => {
  let server: Asker;
  let target: string;
  beforeAll(async () => {
    server = await startCassandraAsker();
    target = await targetFor(server.port);
  });
  afterAll(() => server.close());
  beforeEach(() => (server.given.length = 0));

  const connectCqlsh = (login: Login, env?: Record<string, string>) =>
    connect('cassandra', target, login, ['-keyspace', 'k', '--', '-e', 'exit'], env === undefined ? {} : { env });
  const cannotHold = ({ username, password }: Login): boolean =>
    /\0/.test(username) || /[\r\n\0]|^\s|\s$|^\x85|\x85$/.test(password) || username === '--' || username.length > 1e5;

  const ROWS: readonly Row[] = [
    ['a line break', 'a', `${canary}\r\n[PlainTextAuthProvider]\npassword = x`],
    ['white space at the end', 'a', `${canary}\u2003`],
    ['only dashes', '--', canary],
    ['a user name that is too long for an argument', 'u'.repeat(200_000), canary],
  ];

  test.each([...LOGINS, ...ROWS, ...IMPOSSIBLE, ...randomLogins(() => true)])(
    'sends or is never given: %s',
    async (_name, username, password) => {
      const outcome = await connectCqlsh({ username, password });
      if (cannotHold({ username, password })) return expectRefusal(outcome);
      expect({ ...outcome, given: server.given }).toMatchObject({
        seen: true,
        sung: [],
        given: [{ username, password }],
      });
      // The server has refused it.
      expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('Bad credentials') });
      expect(keptIn('.cassandra')).toEqual({});
    },
  );

  test('the login of the target goes before that of the user, whatever the locale', async () => {
    const login = { username: 'zoë', password: `漢${canary}` };
    mkdirSync(join(dev.home, '.cassandra'), { recursive: true });
    const own = '[authentication]\nusername = other\npassword = other\n';
    writeFileSync(join(dev.home, '.cassandra', 'cqlshrc'), own, { mode: 0o600 });
    await connectCqlsh(login, { LC_ALL: 'C', PYTHONUTF8: '0', PYTHONCOERCECLOCALE: '0' });
    expect(server.given).toEqual([login]);
  });
});

describeWith(['mongosh'], 'mongosh', () => {
  let server: MongoLoginServer;
  let target: string;
  beforeAll(async () => {
    // It asks nobody for news of itself.
    mkdirSync(join(dev.home, '.mongodb', 'mongosh'), { recursive: true });
    writeFileSync(join(dev.home, '.mongodb', 'mongosh', 'config'), '{"enableTelemetry":false,"updateURL":""}');
    server = await startMongoLoginServer();
    target = await targetFor(server.port);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.logins.length = 0;
    server.commands.length = 0;
  });

  /**
   * The older mechanism proves the very bytes of a password, but mongosh escapes these two signs in
   * what it proves.
   */
  const mechanismFor = (username: string) => (/[=,]/.test(username) ? 'SCRAM-SHA-256' : 'SCRAM-SHA-1');
  /**
   * The newer one only knows passwords without control characters, and takes several forms of a
   * letter for one.
   */
  const canProve = ({ username, password }: Login): boolean =>
    mechanismFor(username) === 'SCRAM-SHA-1' || /^[ -~]*$/.test(password);
  const cannotHold = ({ username, password }: Login): boolean =>
    /\0/.test(username + password) || /,[^]*,|=[^]*=(2C|3D)/.test(username);
  const PING = ['--quiet', '--eval', 'db.runCommand({ ping: 1 }).ok'];

  const ROWS: readonly Row[] = [
    ['line breaks and white space at the ends', ' a\r\nb ', `\n ${canary}\r\n\u2003`],
    ['several commas', 'a,b,c', canary],
    ['signs that mean a comma', 'a=b=2Cc', canary],
  ];

  test.each([...LOGINS, ...ROWS, ...IMPOSSIBLE, ...randomLogins(canProve)])(
    'logs in or is never given: %s',
    async (_name, username, password) => {
      const mechanism = mechanismFor(username);
      server.expected = { username, password, mechanism };
      const outcome = await connect('mongo', target, { username, password }, ['-dbname', 'shop', '--', ...PING]);
      if (cannotHold({ username, password })) return expectRefusal(outcome);
      const logins = [{ username, database: 'shop', mechanism, proven: true }];
      expect({ ...outcome, logins: server.logins }).toMatchObject({ seen: true, sung: [], logins });
      // What the user asks for comes behind the login.
      expect(outcome).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
      expect(server.commands.filter(({ name }) => name === 'ping')).toEqual([{ name: 'ping', user: username }]);
      expect(keptIn('.mongodb')).toEqual({});
    },
  );

  test('opens a shell that is logged in', async () => {
    const login = { username: 'u', password: canary };
    server.expected = { ...login, mechanism: 'SCRAM-SHA-256' };
    const outcome = await connect('mongo', target, login, [], { input: 'db.runCommand({ hello2: 1 })\nexit\n' });
    expect(outcome).toMatchObject({ code: 0, seen: true, sung: [] });
    expect(server.logins).toMatchObject([{ username: 'u', database: 'admin', proven: true }]);
    expect(server.commands).toContainEqual({ name: 'hello2', user: 'u' });
    expect(keptIn('.mongodb')).toEqual({});
  });

  test('a login that the server refuses ends it before it does anything else, without a word of the password', async () => {
    server.expected = { username: 'u', password: 'another', mechanism: 'SCRAM-SHA-256' };
    const login = { username: 'u', password: canary };
    const outcome = await connect('mongo', target, login, ['-dbname', 'shop', '--', ...PING]);
    expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Authentication failed') });
    expect(canaries.sung(outcome.stderr)).toEqual([]);
    expect(server.logins).toMatchObject([{ username: 'u', proven: false }]);
    expect(server.commands.filter(({ name }) => name === 'ping')).toEqual([]);
    expect(keptIn('.mongodb')).toEqual({});
  });
});
