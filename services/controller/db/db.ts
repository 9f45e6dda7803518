/**
 * The only door to PostgreSQL. SQL is visible text: `sql` is kysely's template tag, values become
 * parameters. Reads run on {@link Db}, changes inside {@link transaction}; both are an
 * {@link Executor}.
 */
import {
  Kysely,
  PostgresDialect,
  sql,
  type CompiledQuery,
  type PostgresPool,
  type RawBuilder,
  type Transaction,
} from 'kysely';
import pg from 'pg';
import { limit } from '../../../lib/limits/limit';
import type { Logger } from '../../../lib/log/log';
import { shareOf } from './pool-share';

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
  /**
   * Limits on how much there is, by key, which the schema keeps; read at each transaction. None
   * when absent.
   */
  limits?: Readonly<Record<string, number>> | undefined;
  /** Sees every statement; used by tests that count them or look at their plans. */
  onStatement?: (text: string, parameters: readonly unknown[]) => void;
}

export interface Db {
  readonly executor: Executor;
  readonly limits: Readonly<Record<string, number>>;
  /**
   * The same database for the requests and reports of workers: with connections that the API cannot
   * take.
   */
  readonly forWorkers?: Db | undefined;
  /** A connection of one's own, for LISTEN and advisory locks. The caller ends it. */
  connect(applicationName: string): Promise<pg.Client>;
  close(): Promise<void>;
}

const DEFAULT_MAX_CONNECTIONS = 20;
/** The API and the workers each leave this part of the pool to the other. */
const LEFT_TO_OTHERS = limit('database connections left to others', 25, {
  what: 'part of the database connections that requests to the API leave to workers, and workers to the API',
  unit: '%',
  reached: 'further statements of the same side wait for one of its own to end',
  test: 'services/controller/db/db.test.ts: statements of the API leave connections to workers',
});
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Every statement here looks up few rows by a B-tree. While a table has no statistics yet the
 * planner, with the cost of spinning disks, would read and sort a whole scope rather than walk an
 * index in order; compiling such a plan takes longer still.
 */
const PLANNING = 'set random_page_cost = 1.1; set enable_bitmapscan = off; set jit = off';

export function openDb(options: DbOptions): Db {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections || DEFAULT_MAX_CONNECTIONS,
    application_name: 'sallyport',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // The pool waits for the answer, which its types do not say.
    onConnect: ((client: pg.ClientBase) => client.query(PLANNING)) as (client: pg.ClientBase) => void,
  });
  // An idle connection that breaks emits here; without a listener the process would die.
  let closing = false;
  pool.on('error', (error) => {
    // The server may go down before it has read our end of the connection.
    if (!closing) options.log.warn(shortError(error), 'idle database connection lost');
  });
  // The same for a connection in use. The statement that runs on it fails and tells its caller.
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      if (!closing) options.log.warn(shortError(error), 'database connection lost');
    });
  });
  const { max } = pool.options;
  const most = max - Math.floor((max * LEFT_TO_OTHERS) / 100);
  const executorOf = (part: PostgresPool): Executor =>
    new Kysely<any>({
      dialect: new PostgresDialect({ pool: part }),
      ...(options.onStatement === undefined
        ? {}
        : { log: ({ query }) => options.onStatement!(query.sql, query.parameters) }),
    });
  const connect: Db['connect'] = async (applicationName) => {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    await client.connect();
    return client;
  };
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing = true;
    ended ??= pool.end();
    return ended;
  };
  const share = (): Executor => executorOf(shareOf(pool, most, CONNECT_TIMEOUT_MS));
  const { limits = {} } = options;
  const common = { limits, connect, close };
  return { ...common, executor: share(), forWorkers: { ...common, executor: share() } };
}

/**
 * The part of a connection's error that may be logged: pg attaches the whole client, with its
 * parameters and cancel key.
 */
const shortError = (error: Error): { code: string | undefined; reason: string } => ({
  code: (error as NodeJS.ErrnoException).code,
  reason: error.message,
});

let watcher: ((statement: CompiledQuery) => void) | undefined;

/**
 * Shows every statement whose rows are typed, before it runs and on the stack of whoever reads the
 * rows: a test compares the columns with the type.
 */
export const watchReads = (watch: typeof watcher): void => void (watcher = watch);

/** All rows of a statement. */
export async function rows<T>(on: Executor, statement: RawBuilder<unknown>): Promise<T[]> {
  watcher?.(statement.compile(on));
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

/** How often work starts again when PostgreSQL breaks it off in favor of another transaction. */
const MAX_ATTEMPTS = 5;
/**
 * PostgreSQL: serialization failure, deadlock. The work is rolled back and the other transaction
 * goes on.
 */
const BROKEN_OFF = new Set(['40001', '40P01']);

/** Runs one statement, or one transaction, anew when it loses a deadlock. */
export async function unlessBrokenOff<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !BROKEN_OFF.has(databaseError(error)?.code ?? '')) throw error;
    }
  }
}

/**
 * Runs `work` in one transaction. `now` is visible to triggers as the setting `sallyport.now`: the
 * schema's own times (tombstones, session states) come from the injected clock, never from the
 * database's. The limits that the schema keeps are the setting `sallyport.limits`. `work` runs anew
 * when the transaction loses a deadlock, so its effects outside of the database come after it, not
 * in it.
 */
export function transaction<T>(db: Db, now: Date, work: (tx: Tx) => Promise<T>): Promise<T> {
  return unlessBrokenOff(() =>
    db.executor.transaction().execute(async (tx) => {
      await sql`select set_config('sallyport.now', ${now.toISOString()}, true),
        set_config('sallyport.limits', ${JSON.stringify(db.limits)}, true)`.execute(tx);
      return work(tx);
    }),
  );
}

export interface DatabaseError {
  code: string;
  /** The violated constraint; of {@link LIMIT_REACHED} the key of the limit. */
  constraint: string | undefined;
  /** Of {@link LIMIT_REACHED} its value. */
  detail: string | undefined;
}

/** What PostgreSQL says, when `error` came from it. */
export function databaseError(error: unknown): DatabaseError | undefined {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    return { code: error.code, constraint: error.constraint, detail: error.detail };
  }
  return undefined;
}

export const UNIQUE_VIOLATION = '23505';
export const FOREIGN_KEY_VIOLATION = '23503';
export const CHECK_VIOLATION = '23514';
export const NOT_NULL_VIOLATION = '23502';
/** The schema keeps a limit of the setting `sallyport.limits`. */
export const LIMIT_REACHED = '54000';
