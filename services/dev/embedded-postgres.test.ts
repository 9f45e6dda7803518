import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLogger } from '../../lib/log/log';
import { waitFor } from '../../test/harness/wait';
import { openDb, row, rows, sql } from '../controller/db/db';
import { loadState, startDevDatabase } from './database';
import { freePort, startEmbeddedPostgres } from './embedded-postgres';
import { findPostgresBinaries, serverUser } from './postgres-binaries';
import { isRunning, temporaryDirectory } from './temporary';

const log = createLogger('test', { level: 'silent' });
const DEMO = { database: 'demo', username: 'demo', password: "it's" };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-pg-'));
  chmodSync(dir, 0o711);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('starts, answers, stops, and starts again with its data', async () => {
  for (const expected of [1, 2]) {
    const server = await startEmbeddedPostgres({ dataDir: join(dir, 'pg'), port: 0, durable: false });
    const db = openDb({ url: `postgres://postgres@127.0.0.1:${server.port}/postgres`, log });
    await sql`create table if not exists starts (at int)`.execute(db.executor);
    await sql`insert into starts values (1)`.execute(db.executor);
    expect(await rows(db.executor, sql`select * from starts`)).toHaveLength(expected);
    await db.close();
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  }
});

test('a busy port and a foreign directory are told with the remedy', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const { port } = busy.address() as AddressInfo;
  const start = startEmbeddedPostgres({ dataDir: join(dir, 'pg'), port, durable: false });
  await expect(start).rejects.toThrow(`port ${port} for PostgreSQL is in use`);
  busy.close();
  writeFileSync(join(dir, 'file'), '');
  const inFile = startEmbeddedPostgres({ dataDir: join(dir, 'file'), port: 0, durable: false });
  await expect(inFile).rejects.toThrow(/cannot use the directory .*Name another one/);
});

test('initdb reads the password from a file without a name', async () => {
  const [bin, tmp] = [join(dir, 'bin'), join(dir, 'tmp')];
  for (const one of [bin, tmp]) mkdirSync(one, { mode: 0o755 });
  const script = `#!/bin/sh\necho "[$(ls -A ${tmp})][$(cat /dev/fd/3)][$*][$(env)]" >&2\nexit 1\n`;
  for (const name of ['initdb', 'postgres']) writeFileSync(join(bin, name), script, { mode: 0o755 });
  const former = process.env['TMPDIR'];
  process.env['TMPDIR'] = tmp;
  try {
    const env = { ...process.env, PG_BIN_DIR: bin, PGPASSWORD: 'other' };
    const start = startEmbeddedPostgres({ dataDir: join(dir, 'pg'), port: 0, durable: false, password: 'hush', env });
    const error: unknown = await start.catch((caught: unknown) => caught);
    expect((error as Error).message).toContain('[][hush][-D ');
    expect((error as Error).message.match(/hush|other/g)).toEqual(['hush']);
  } finally {
    if (former === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = former;
  }
});

test('a second server in the same directory is refused, the first goes on', async () => {
  const options = { dataDir: join(dir, 'pg'), port: await freePort(), durable: false };
  const first = await startEmbeddedPostgres(options);
  await expect(startEmbeddedPostgres(options)).rejects.toThrow(/runs in this data directory|is in use/);
  expect(isRunning(first.pid)).toBe(true);
  await first.stop();
});

test.each([true, false])('ends when its parent is killed (setpriv: %s)', async (setpriv) => {
  const script = join(dir, 'parent.ts');
  const module = (name: string): string => JSON.stringify(join(__dirname, name));
  writeFileSync(
    script,
    `const { startEmbeddedPostgres } = require(${module('embedded-postgres.ts')});
     startEmbeddedPostgres({ dataDir: ${JSON.stringify(join(dir, 'pg'))}, port: 0, durable: false })
       .then((server) => { console.log(server.pid); setInterval(() => undefined, 1000); });`,
  );
  const env = { ...process.env, ...(setpriv ? {} : { PATH: withoutSetpriv() }) };
  const parent = spawn(process.execPath, ['-r', 'esbuild-register', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(__dirname, '../..'),
  });
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  expect(isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  await waitFor('PostgreSQL to end', () => !isRunning(pid));
});

/** A PATH with nothing in it but what node and initdb need. */
function withoutSetpriv(): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  return bin;
}

test('the demo role reaches its database and nothing else', async () => {
  const state = await loadState(dir);
  const database = await startDevDatabase(dir, state, DEMO, log, process.env);
  const attempt = async (change: (url: URL) => void, statement = 'select 1 as one'): Promise<unknown> => {
    const url = new URL(database.demoUrl!);
    change(url);
    const db = openDb({ url: url.href, log, maxConnections: 1 });
    try {
      return await row(db.executor, sql.raw(statement));
    } finally {
      await db.close();
    }
  };
  const same = (): void => undefined;
  try {
    await expect(attempt(same)).resolves.toEqual({ one: 1 });
    await expect(attempt(same, 'create table t (x int)')).resolves.toBeUndefined();
    await expect(attempt((url) => (url.pathname = '/sallyport'))).rejects.toThrow(/pg_hba/);
    await expect(attempt((url) => (url.pathname = '/postgres'))).rejects.toThrow(/pg_hba/);
    await expect(attempt((url) => (url.password = 'wrong'))).rejects.toThrow(/password authentication failed/);
    await expect(attempt(same, 'create database more')).rejects.toThrow(/permission denied/);
    await expect(attempt(same, 'create role more')).rejects.toThrow(/permission denied/);
    await expect(attempt(same, "copy (select 1) to program 'true'")).rejects.toThrow(
      /permission denied|must be superuser/,
    );
  } finally {
    await database.postgres.stop();
  }
  expect(readFileSync(join(dir, 'postgres', 'pg_hba.conf'), 'utf8')).not.toContain('trust');
});

test('finds the server programs; PG_BIN_DIR wins', () => {
  const user = serverUser();
  const found = findPostgresBinaries({}, user);
  expect(existsSync(join(found, 'postgres'))).toBe(true);
  expect(() => findPostgresBinaries({ PG_BIN_DIR: dir }, user)).toThrow('PG_BIN_DIR');
  expect(findPostgresBinaries({ PG_BIN_DIR: found }, user)).toBe(found);
});

test('directories of processes that are gone are removed', () => {
  const gone = join(tmpdir(), 'sallyport-unit-999999999-abc');
  cpSync(dirname(__filename), gone, { recursive: true });
  const mine = temporaryDirectory('sallyport-unit');
  expect(existsSync(gone)).toBe(false);
  expect(existsSync(mine)).toBe(true);
  rmSync(mine, { recursive: true });
});

test('free ports are free', async () => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
