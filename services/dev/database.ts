/**
 * The database of dev mode: an embedded PostgreSQL. The controller has one role and database, and
 * the demo target has one of each that can do nothing else. `dev.json` keeps what must survive a
 * restart with the same directory. A directory that goes with the process has no such file, so a
 * process that is killed leaves no key behind.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../../lib/config/directory';
import { randomBase62 } from '../../lib/ids/ids';
import type { Logger } from '../../lib/log/log';
import { openDb, row, sql, type Db } from '../controller/db/db';
import { StartFailure } from '../server/start-failure';
import type { DevSettings } from './options';
import { freePort, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres';

/** Kept in a file that only this user can read. */
export interface DevState {
  /** Root key of the envelope encryption, base64. */
  rootKey: string;
  /** The port of PostgreSQL. It stays the same, because the demo target leads there. */
  port: number;
  passwords: { postgres: string; sallyport: string; demo: string };
}

export interface DevDatabase {
  /** Of the controller. */
  url: string;
  /** The URL of the demo database; absent when there is none, or when the server is not ours. */
  demoUrl?: URL | undefined;
  postgres?: EmbeddedPostgres;
}

const PASSWORD_LENGTH = 24;
const ROOT_KEY_BYTES = 32;

/** `dataDir`: absent where nothing is to be kept. */
export async function loadState(dataDir: string | undefined): Promise<DevState> {
  if (dataDir === undefined) return newState();
  const file = join(dataDir, 'dev.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as DevState;
  const state = await newState();
  try {
    makeDirectory(dataDir, 0o711);
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StartFailure(`cannot write to ${dataDir} (${code}): name another directory with -data-dir`, 2, { cause });
  }
  return state;
}

async function newState(): Promise<DevState> {
  const password = (): string => randomBase62(PASSWORD_LENGTH);
  return {
    rootKey: randomBytes(ROOT_KEY_BYTES).toString('base64'),
    port: await freePort(),
    passwords: { postgres: password(), sallyport: password(), demo: password() },
  };
}

export async function startDevDatabase(
  home: string,
  state: DevState,
  demo: DevSettings['demo'],
  log: Logger,
  env: NodeJS.ProcessEnv,
): Promise<DevDatabase & { postgres: EmbeddedPostgres }> {
  const { port, passwords } = state;
  const owners: Owner[] = [{ role: 'sallyport', database: 'sallyport', password: passwords.sallyport }];
  if (demo !== undefined) {
    owners.push({ role: demo.username, database: demo.database, password: demo.password ?? passwords.demo });
  }
  const postgres = await startEmbeddedPostgres({
    dataDir: join(home, 'postgres'),
    port,
    password: passwords.postgres,
    // Each role reaches its own database and nothing else.
    hba: [{ database: 'postgres', role: 'postgres' }, ...owners].map(
      ({ database, role }) => `host ${database} ${role} 127.0.0.1/32 scram-sha-256`,
    ),
    durable: true,
    env,
  });
  try {
    await prepare(databaseUrl('postgres', 'postgres', passwords.postgres, port).href, owners, log);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  const [own, forDemo] = owners.map(({ role, database, password }) => databaseUrl(role, database, password, port));
  return { url: own!.href, demoUrl: forDemo, postgres };
}

interface Owner {
  role: string;
  database: string;
  password: string;
}

function databaseUrl(role: string, database: string, password: string, port: number): URL {
  const url = new URL(`postgres://127.0.0.1:${port}/${database}`);
  url.username = role;
  url.password = password;
  return url;
}

async function prepare(adminUrl: string, owners: Owner[], log: Logger): Promise<void> {
  const db = openDb({ url: adminUrl, log, maxConnections: 1 });
  try {
    for (const owner of owners) await ensureRoleAndDatabase(db, owner);
  } finally {
    await db.close();
  }
}

/** Statements of this kind take no parameters: names were checked, the password is quoted. */
async function ensureRoleAndDatabase(db: Db, { role, database, password }: Owner): Promise<void> {
  const known = (await row(db.executor, sql`select from pg_roles where rolname = ${role}`)) !== undefined;
  const rights = 'login nosuperuser nocreatedb nocreaterole noreplication';
  await sql`${sql.raw(known ? 'alter' : 'create')} role ${sql.ref(role)} ${sql.raw(rights)} password ${sql.lit(password)}`.execute(
    db.executor,
  );
  if ((await row(db.executor, sql`select from pg_database where datname = ${database}`)) === undefined) {
    await sql`create database ${sql.ref(database)} owner ${sql.ref(role)}`.execute(db.executor);
    await sql`revoke all on database ${sql.ref(database)} from public`.execute(db.executor);
  }
}
