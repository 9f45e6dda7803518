/**
 * Schema migrations: numbered SQL files, append-only, applied in order in one transaction under an
 * advisory lock, so that two controllers that start together do it once.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { packageFile } from '../../../lib/config/package-root';
import type { Logger } from '../../../lib/log/log';
import { openDb, type Db } from './db';

const TABLE = 'schema_migrations';
const LOCK_TABLE = 'schema_migrations_lock';

/** `ahead`: the database knows a migration that this release does not have. */
export type SchemaState = 'empty' | 'behind' | 'current' | 'ahead';

/**
 * Applies what is missing; rejects when the database is ahead of this release or a statement fails.
 */
export async function migrate(url: string, log: Logger): Promise<{ applied: string[] }> {
  return withDb(url, log, async (db) => {
    const { error, results } = await migrator(db.executor).migrateToLatest();
    const failed = results?.find((r) => r.status === 'Error')?.migrationName;
    if (failed !== undefined) {
      const text = error instanceof Error ? error.message : 'unknown error';
      throw new Error(`migration ${failed} failed: ${text}`, { cause: error });
    }
    // No migration was reached. The caller reports lost connections and refused logins.
    if (error !== undefined) throw error as Error;
    return { applied: (results ?? []).map((r) => r.migrationName) };
  });
}

/** Compares the database with the migrations of this release; changes nothing. */
export async function schemaState(url: string, log: Logger): Promise<SchemaState> {
  return withDb(url, log, async (db) => {
    const known = await sql<{ found: boolean }>`select to_regclass(${TABLE}) is not null as found`.execute(db.executor);
    if (known.rows[0]?.found !== true) return 'empty';
    const done = await sql<{ name: string }>`select name from ${sql.table(TABLE)} order by name`.execute(db.executor);
    const ours = migrationNames();
    const applied = new Set(done.rows.map((r) => r.name));
    if (applied.size === 0) return 'empty';
    if ([...applied].some((name) => !ours.includes(name))) return 'ahead';
    return ours.every((name) => applied.has(name)) ? 'current' : 'behind';
  });
}

async function withDb<T>(url: string, log: Logger, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openDb({ url, log, maxConnections: 2 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

const folder = (): string => packageFile('services', 'controller', 'migrations');

function migrationNames(): string[] {
  return readdirSync(folder())
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

function migrator(db: Kysely<any>): Migrator {
  return new Migrator({
    db,
    migrationTableName: TABLE,
    migrationLockTableName: LOCK_TABLE,
    provider: {
      getMigrations: () =>
        Promise.resolve(Object.fromEntries(migrationNames().map((name) => [name, migration(name)] as const))),
    },
  });
}

function migration(name: string): Migration {
  return {
    async up(db) {
      // Without parameters the driver uses the simple protocol, which takes a whole file of
      // statements.
      await sql.raw(readFileSync(join(folder(), `${name}.sql`), 'utf8')).execute(db);
    },
  };
}
