/**
 * The database of dev mode: an embedded PostgreSQL with one role and database for the controller and one of each for
 * the demo target, which can do nothing beside. What must survive a restart with the same directory is in `dev.json`.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBase62 } from '../../lib/ids/ids';
import type { Logger } from '../../lib/log/log';
import { openDb, row, sql, type Db } from '../controller/db/db';
import { StartFailure } from '../server/start-failure';
import { freePort, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres';

/** Kept in a file that only this user can read. */
export interface DevState {
  /** Root key of the envelope encryption, base64. */
  rootKey: string;
  /** Of PostgreSQL; the demo target leads there, so it stays the same. */
  port: number;
  passwords: { postgres: string; sallyport: string; demo: string };
}

export interface DevDatabase {
  /** Of the controller. */
  url: string;
  /** Of the demo database; absent when the database is not ours. */
  demoUrl?: URL;
  postgres?: EmbeddedPostgres;
}

const PASSWORD_LENGTH = 24;
const ROOT_KEY_BYTES = 32;

export async function loadState(home: string): Promise<DevState> {
  const file = join(home, 'dev.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as DevState;
  const password = (): string => randomBase62(PASSWORD_LENGTH);
  const state: DevState = {
    rootKey: randomBytes(ROOT_KEY_BYTES).toString('base64'),
    port: await freePort(),
    passwords: { postgres: password(), sallyport: password(), demo: password() },
  };
  try {
    mkdirSync(home, { recursive: true, mode: 0o711 });
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StartFailure(`cannot write to ${home} (${code}): name another directory with -data-dir`, 2, { cause });
  }
  return state;
}

export async function startDevDatabase(
  home: string,
  state: DevState,
  log: Logger,
  env: NodeJS.ProcessEnv,
): Promise<Required<DevDatabase>> {
  const { port, passwords } = state;
  const postgres = await startEmbeddedPostgres({
    dataDir: join(home, 'postgres'),
    port,
    password: passwords.postgres,
    // Each role reaches its own database and nothing else.
    hba: ['postgres postgres', 'sallyport sallyport', 'demo demo'].map(
      (pair) => `host ${pair} 127.0.0.1/32 scram-sha-256`,
    ),
    durable: true,
    env,
  });
  const url = (user: keyof typeof passwords): string =>
    `postgres://${user}:${passwords[user]}@127.0.0.1:${port}/${user}`;
  try {
    await prepare(url('postgres'), passwords, log);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return { url: url('sallyport'), demoUrl: new URL(url('demo')), postgres };
}

async function prepare(adminUrl: string, passwords: DevState['passwords'], log: Logger): Promise<void> {
  const db = openDb({ url: adminUrl, log, maxConnections: 1 });
  try {
    for (const name of ['sallyport', 'demo'] as const) await ensureRoleAndDatabase(db, name, passwords[name]);
  } finally {
    await db.close();
  }
}

/** The password is letters and digits, so it needs no quoting; statements of this kind take no parameters. */
async function ensureRoleAndDatabase(db: Db, name: 'sallyport' | 'demo', password: string): Promise<void> {
  if ((await row(db.executor, sql`select from pg_roles where rolname = ${name}`)) === undefined) {
    const rights = 'login nosuperuser nocreatedb nocreaterole noreplication';
    await sql.raw(`create role ${name} ${rights} password '${password}'`).execute(db.executor);
  }
  if ((await row(db.executor, sql`select from pg_database where datname = ${name}`)) === undefined) {
    await sql.raw(`create database ${name} owner ${name}`).execute(db.executor);
    await sql.raw(`revoke all on database ${name} from public`).execute(db.executor);
  }
}
