/**
 * The tutorial "manage sessions", typed as a person types it: dev mode, the CLI, a real psql
 * through a real worker. Prerequisites are built by CLI commands from an empty project; tables are
 * compared with their exact layout.
 */
import { createConnection } from 'node:net';
import { startDev, type Dev } from '../harness/dev';
import { run, type Live } from '../harness/process';
import { describeWith } from '../harness/tools';
import { waitFor } from '../harness/wait';

const TIME = /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [A-Z]{3,4}/g;
/**
 * Times, ids outside `known` and counts replaced by words, so that a whole table can be compared.
 */
const plain = (text: string, known: Record<string, string>): string => {
  let out = text.replace(TIME, 'TIME').replace(/127\.0\.0\.1:\d+/g, 'ADDRESS');
  for (const [name, id] of Object.entries(known)) out = out.replaceAll(id, `<${name}>`);
  return out.replace(/(Bytes (?:Down|Up): +)\d+/g, '$1N').replace(/at_[0-9A-Za-z]{10}/g, '<token>');
};

const CRUD = ['no-op', 'read', 'update', 'delete'];
const sorted = (text: string): string[] => text.trim().split(/\s+/).sort();

describeWith(['psql'], 'the tutorial, with psql', () => {
  let dev: Dev;
  const id: Record<string, string> = {};

  beforeAll(async () => {
    dev = await startDev();
  }, 120_000);
  afterAll(async () => {
    await dev?.stop();
  });

  async function ok(args: string[], env: Record<string, string> = {}): Promise<string> {
    const done = await dev.cli(args, { env });
    if (done.code !== 0) throw new Error(`${args.join(' ')} ended with ${done.code}\n${done.stdout}\n${done.stderr}`);
    return done.stdout;
  }

  async function create(name: string, args: string[]): Promise<string> {
    const answer = JSON.parse(await ok([...args, '-format', 'json'])) as { item: { id: string } };
    id[name] = answer.item.id;
    return answer.item.id;
  }

  test('logging in stores the token', async () => {
    const text = await ok(
      ['authenticate', 'password', '-auth-method-id=ampw_1234567890', '-login-name=admin', '-password', 'env://PW'],
      { PW: 'password' },
    );
    expect(plain(text, {})).toContain(
      '\nAuthentication information:\n  Account ID:      acctpw_1234567890\n  Auth Method ID:  ampw_1234567890\n' +
        '  Expiration Time: TIME\n  User ID:         u_1234567890\n',
    );
    expect(text).not.toMatch(/at_[0-9A-Za-z]{10}_/);
  });

  test('prerequisites: org, project, hosts, target, user, group, role', async () => {
    const org = await create('org', ['scopes', 'create', '-scope-id', 'global', '-name', 'IT_Support']);
    const project = await create('project', ['scopes', 'create', '-scope-id', org, '-name', 'QA_Tests']);
    const catalog = await create('catalog', [
      'host-catalogs',
      'create',
      'static',
      '-scope-id',
      project,
      '-name',
      'DevOps',
    ]);
    const inCatalog = ['-host-catalog-id', catalog];
    const postgres = ['hosts', 'create', 'static', ...inCatalog, '-name', 'postgres', '-description', 'Postgres host'];
    await create('postgres', [...postgres, '-address', '127.0.0.1']);
    const local = [
      'hosts',
      'create',
      'static',
      ...inCatalog,
      '-name',
      'localhost',
      '-description',
      'Localhost for testing',
    ];
    const host = await create('host', [...local, '-address', 'localhost']);
    const set = await create('set', ['host-sets', 'create', 'static', ...inCatalog, '-name', 'test-machines']);
    await ok(['host-sets', 'add-hosts', '-id', set, '-host', id['postgres']!, '-host', host]);
    const target = ['targets', 'create', 'tcp', '-scope-id', project, '-name', 'tests', '-description', 'Test target'];
    await create('target', [...target, '-default-port', dev.demoUrl.port, '-session-connection-limit', '-1']);
    await ok(['targets', 'add-host-sources', '-id', id['target']!, '-host-source', set]);
    const user = await create('user', ['users', 'create', '-scope-id', org, '-name', 'tester01']);
    const group = await create('group', ['groups', 'create', '-scope-id', org, '-name', 'testers']);
    await ok(['groups', 'add-members', '-id', group, '-member', user]);
    const role = await create('role', ['roles', 'create', '-scope-id', project, '-name', 'connect']);
    await ok(['roles', 'add-principals', '-id', role, '-principal', group]);
    const text = await ok([
      'roles',
      'add-grants',
      '-id',
      role,
      '-grant',
      'ids=*;type=target;actions=list,authorize-session',
    ]);
    expect(text).toContain('  Canonical Grants:\n    ids=*;type=target;actions=authorize-session,list\n');
  });

  test('targets list and hosts list', async () => {
    const targets = plain(await ok(['targets', 'list', `-scope-id=${id['project']!}`]), id);
    const [head, listed] = targets.split('    Authorized Actions:\n');
    expect(head).toBe(
      '\nTarget information:\n  ID:                    <target>\n    Version:             2\n    Type:                tcp\n' +
        '    Name:                tests\n    Description:         Test target\n',
    );
    const sources = ['host-sources', 'credential-sources'].flatMap((s) =>
      ['add', 'set', 'remove'].map((v) => `${v}-${s}`),
    );
    expect(sorted(listed!)).toEqual([...CRUD, ...sources, 'authorize-session'].sort());

    const hosts = plain(await ok(['hosts', 'list', `-host-catalog-id=${id['catalog']!}`]), id);
    const item = (name: string, title: string, description: string) =>
      `  ID:                    <${name}>\n    Version:             1\n    Type:                static\n` +
      `    Name:                ${title}\n    Description:         ${description}\n    Authorized Actions:\n`;
    const blocks = hosts.replace(/ {6}(delete|no-op|read|update)\n/g, '');
    expect(blocks).toBe(
      `\nHost information:\n${item('host', 'localhost', 'Localhost for testing')}\n${item('postgres', 'postgres', 'Postgres host')}`,
    );
  });

  test('scopes list -recursive', async () => {
    const text = plain(await ok(['scopes', 'list', '-recursive']), id);
    expect(text).toContain('\nScope information:\n  ID:                    ');
    expect(text).toContain(
      '  ID:                    <project>\n    Scope ID:            <org>\n    Version:             1\n    Name:                QA_Tests\n' +
        '    Authorized Actions:\n',
    );
  });

  describe('a session with psql', () => {
    let psql: Live;
    let session: string;

    beforeAll(() => {
      const { username, password, pathname } = dev.demoUrl;
      const args = ['connect', 'postgres', '-target-id', id['target']!, '-host-id', id['postgres']!];
      psql = dev.cliLive([...args, '-username', username, '-dbname', pathname.slice(1)], {
        env: { PGPASSWORD: decodeURIComponent(password) },
      });
    });
    afterAll(() => psql.stop('SIGKILL'));

    test('it works', async () => {
      psql.write("select 'an' || 'swer' as word;\n");
      await psql.output(/answer/);
    });

    test('sessions list shows it active', async () => {
      const text = await ok(['sessions', 'list', `-scope-id=${id['project']!}`]);
      session = /ID: +(s_\w{10})/.exec(text)![1]!;
      id['session'] = session;
      const [head, listed] = plain(text, id).split('    Authorized Actions:\n');
      expect(head).toBe(
        '\nSession information:\n  ID:                    <session>\n    Status:              active\n    Created Time:        TIME\n' +
          '    Expiration Time:     TIME\n    Updated Time:        TIME\n    User ID:             u_1234567890\n    Target ID:           <target>\n',
      );
      expect(sorted(listed!)).toEqual(['cancel', 'cancel:self', 'no-op', 'read', 'read:self']);
    });

    test('sessions read shows the connection with live byte counts', async () => {
      const bytes = await waitFor('bytes of the open connection', async () => {
        const text = await ok(['sessions', 'read', `-id=${session}`]);
        return /Bytes Down: +[1-9]/.test(text) && /Bytes Up: +[1-9]/.test(text) ? text : undefined;
      });
      const [main, rest] = plain(bytes, id).split('  Authorized Actions:\n');
      expect(main).toBe(
        '\nSession information:\n  Auth Token ID:       <token>\n  Created Time:        TIME\n  Endpoint:            tcp://ADDRESS\n' +
          '  Expiration Time:     TIME\n  Host ID:             <postgres>\n  Host Set ID:         <set>\n  ID:                  <session>\n' +
          '  Status:              active\n  Target ID:           <target>\n  Type:                tcp\n  Updated Time:        TIME\n' +
          '  User ID:             u_1234567890\n  Version:             2\n\n  Scope:\n    ID:                <project>\n' +
          '    Name:              QA_Tests\n    Parent Scope ID:   <org>\n    Type:              project\n\n',
      );
      expect(rest!.slice(rest!.indexOf('\n  States:'))).toBe(
        '\n  States:\n    Start Time:        TIME\n    Status:            active\n\n    End Time:          TIME\n' +
          '    Start Time:        TIME\n    Status:            pending\n\n\n  Connections:\n    Bytes Down:        N\n' +
          '    Bytes Up:          N\n    Client Address:    ADDRESS\n    Endpoint Address:  ADDRESS\n\n',
      );
    });

    test('cancel drops psql at once', async () => {
      const text = plain(await ok(['sessions', 'cancel', `-id=${session}`]), id);
      expect(text).toContain('  Status:              canceling\n');
      expect(text).not.toContain('Termination Reason');
      psql.write('select 1;\n');
      const ended = await psql.finished;
      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toMatch(/cancel/i);
    });

    test('sessions read shows states, bytes and a true closed reason', async () => {
      const text = await waitFor('terminated', async () => {
        const now = await ok(['sessions', 'read', `-id=${session}`]);
        return /Status: +terminated\n {2}Target/.test(now) ? now : undefined;
      });
      const shown = plain(text, id);
      expect(shown).toContain('  Termination Reason:   canceled\n');
      expect(shown).toContain('  Version:              4\n');
      expect([...shown.matchAll(/^ {4}Status: +(\w+)$/gm)].map((m) => m[1])).toEqual([
        'terminated',
        'canceling',
        'active',
        'pending',
      ]);
      expect(shown.replace(/ {4}(Connect Latency|First Byte After): .*\n/g, '')).toContain(
        '  Connections:\n    Bytes Down:         N\n    Bytes Up:           N\n    Client Address:     ADDRESS\n' +
          '    Closed Reason:      canceled\n    Closed By:          admin\n    Cause:              canceled\n    Endpoint Address:   ADDRESS\n\n',
      );
      expect(await ok(['sessions', 'list', `-scope-id=${id['project']!}`])).toBe('No sessions found\n');
    });

    test('canceling again succeeds and changes nothing', async () => {
      const text = await ok(['sessions', 'cancel', `-id=${session}`]);
      expect(text).toMatch(/Status: +terminated/);
      expect(text).toMatch(/Version: +4/);
    });
  });

  test('authorize-session, connect -authz-token, psql on the local port', async () => {
    const args = ['targets', 'authorize-session', '-id', id['target']!, '-host-id', id['postgres']!];
    const text = await ok(args);
    const token = /Authorization Token:\n {2}(\w{600,})\n/.exec(text)![1]!;
    const session = /Session ID: +(s_\w{10})/.exec(text)![1]!;
    expect(plain(text.replace(token, 'TEXT'), { ...id, session })).toBe(
      '\nTarget information:\n  Authorization Token:\n  TEXT\n  Created Time:          TIME\n  Endpoint:              tcp://ADDRESS\n' +
        '  Host ID:               <postgres>\n  Scope ID:              <project>\n  Session ID:            <session>\n' +
        '  Target ID:             <target>\n  Type:                  tcp\n  User ID:               u_1234567890\n\n',
    );
    const proxy = dev.cliLive(['connect', `-authz-token=${token}`], { env: { HOME: '/nonexistent' } });
    try {
      const port = (await proxy.output(/Port: +(\d+)/))[1]!;
      expect(plain(proxy.stdout, { session }).replace(port, 'PORT')).toMatch(
        /^\nProxy listening information:\n {2}Address: {13}127\.0\.0\.1\n {2}Connection Limit: {4}-1\n {2}Expiration: {10}TIME\n {2}Port: {16}PORT\n {2}Protocol: {12}tcp\n {2}Session ID: {10}<session>\n/,
      );
      const { username, password, pathname } = dev.demoUrl;
      const psql = await run(
        'psql',
        ['-h', '127.0.0.1', '-p', port, '-d', pathname.slice(1), '-U', username, '-Atc', 'select 6 * 7'],
        {
          env: { PGPASSWORD: decodeURIComponent(password) },
        },
      );
      expect(psql).toMatchObject({ code: 0, stdout: '42\n' });
    } finally {
      await proxy.stop('SIGINT');
    }
    expect(proxy.stdout).toContain('Termination information:\n  Reason:   Received shutdown signal');
    const after = await waitFor('the session to end', async () => {
      const now = await ok(['sessions', 'read', '-id', session]);
      return /Status: +terminated/.test(now) ? now : undefined;
    });
    // psql says goodbye and closes; PostgreSQL closes on the goodbye: either end may be seen first.
    expect(after).toMatch(/Closed Reason: +closed by (end-user|endpoint)\n/);
  });

  test('the token of a session that has ended is refused at once, with the reason', async () => {
    const item = JSON.parse(await ok(['targets', 'authorize-session', '-id', id['target']!, '-format', 'json'])).item;
    await ok(['sessions', 'cancel', '-id', item.session_id]);
    const again = await dev.cli(['connect', '-authz-token', item.authorization_token]);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/^The session (was canceled|has ended)/);
  });

  test('search starts a cache, which outlives the command until it is stopped', async () => {
    const found = await dev.cli(['search', '-resource', 'targets', '-query', `id = "${id['target']!}"`]);
    expect(found).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(id['target']!) });
    expect(await ok(['cache', 'status'])).toMatch(/In Keyring: +true\n[\s\S]*Target:\n +Count: +[1-9]/);
    expect(await dev.cli(['cache', 'stop'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect((await dev.cli(['cache', 'status'])).code).toBe(2);
  });

  test('Ctrl-C leaves no process and no port', async () => {
    const done = await dev.stop();
    expect(done.code).toBe(0);
    for (const port of Object.values(dev.ports)) {
      const refused = await new Promise<boolean>((resolve) => {
        const socket = createConnection(port, '127.0.0.1');
        socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
      });
      expect({ port, refused }).toEqual({ port, refused: true });
    }
  });
});
