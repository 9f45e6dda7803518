/**
 * The only door to PostgreSQL. SQL is visible text: `sql` is kysely's template tag, values become parameters. Reads
 * run on {@link Db}, changes inside {@link transaction}; both are an {@link Executor}.
 */
import { Kysely, PostgresDialect, sql, type RawBuilder, type Transaction } from 'kysely';
import pg from 'pg';
import type { Logger } from '../../../lib/log/log';

export { sql, type RawBuilder };

// int8 counts fit a bigint only; numeric never occurs.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => BigInt(text));

/** A pool or a transaction: what one SQL use case runs on. */
export type Executor = Kysely<any>;
export type Tx = Transaction<any>;

export interface DbOptions {
  url: string;
  /** Largest number of connections; 0 or absent is 20. */
  maxConnections?: number;
  log: Logger;
  /** Sees every statement's text; used by tests that count. */
  onStatement?: (text: string) => void;
}

export interface Db {
  readonly executor: Executor;
  /** For LISTEN and advisory locks: a connection of one's own, to be ended by the caller. */
  connect(applicationName: string): Promise<pg.Client>;
  close(): Promise<void>;
}

const DEFAULT_MAX_CONNECTIONS = 20;
const CONNECT_TIMEOUT_MS = 5_000;

export function openDb(options: DbOptions): Db {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections || DEFAULT_MAX_CONNECTIONS,
    application_name: 'sallyport',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // An idle connection that breaks emits here; without a listener the process would die.
  let closing = false;
  pool.on('error', (error) => {
    // The server may go down before it has read our goodbye.
    if (!closing) options.log.warn(shortError(error), 'idle database connection lost');
  });
  // The same for one that is in use; the statement that runs on it fails and tells the caller.
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      if (!closing) options.log.warn(shortError(error), 'database connection lost');
    });
  });
  const executor = new Kysely<any>({
    dialect: new PostgresDialect({ pool }),
    ...(options.onStatement === undefined ? {} : { log: (event) => options.onStatement!(event.query.sql) }),
  });
  return {
    executor,
    async connect(applicationName) {
      const client = new pg.Client({
        connectionString: options.url,
        application_name: applicationName,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      });
      await client.connect();
      return client;
    },
    close() {
      closing = true;
      return executor.destroy();
    },
  };
}

/** What a log may hold of a connection's error: pg hangs the whole client on it, with its parameters and cancel key. */
const shortError = (error: Error): { code: string | undefined; reason: string } => ({
  code: (error as NodeJS.ErrnoException).code,
  reason: error.message,
});

/** All rows of a statement. */
export async function rows<T>(on: Executor, statement: RawBuilder<unknown>): Promise<T[]> {
  return (await statement.execute(on)).rows as T[];
}

/** First row of a statement, or undefined. */
export async function row<T>(on: Executor, statement: RawBuilder<unknown>): Promise<T | undefined> {
  return (await rows<T>(on, statement))[0];
}

/** Number of rows that a change touched. */
export async function changed(on: Executor, statement: RawBuilder<unknown>): Promise<number> {
  return Number((await statement.execute(on)).numAffectedRows ?? 0n);
}

/**
 * Runs `work` in one transaction. `now` is visible to triggers as the setting `sallyport.now`: the schema's own
 * times (tombstones, session states) come from the injected clock, never from the database's.
 */
export async function transaction<T>(db: Db, now: Date, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.executor.transaction().execute(async (tx) => {
    await sql`select set_config('sallyport.now', ${now.toISOString()}, true)`.execute(tx);
    return work(tx);
  });
}

/** PostgreSQL's error code and the violated constraint, when `error` came from it. */
export function databaseError(error: unknown): { code: string; constraint: string | undefined } | undefined {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    return { code: error.code, constraint: error.constraint };
  }
  return undefined;
}

export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';
export const CHECK_VIOLATION = '23514';
export const NOT_NULL_VIOLATION = '23502';
