/**
 * The real database as a simulated world sees it: one connection, one statement at a time, in the
 * order of virtual time. Statements take virtual time, fail while the database is away, and may be
 * carried out although their answer is lost. Rows that change and notifications come as notices of
 * triggers (see fixture.ts), when the statement is committed. PostgreSQL promises no order of rows
 * without `order by`; here it is the order of their text, whatever the plan.
 */
import { EventEmitter } from 'node:events';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import type { Db } from '../../services/controller/db/db';
import type { Process } from './process';
import type { Repeats } from './repeats';

/** What a trigger tells. */
export type Notice =
  | { kind: 'row'; table: string; operation: string; row: Record<string, unknown> }
  | { kind: 'notify'; channel: string; payload: string };

const SLOWEST_STATEMENT_MS = 300;
const CRAWLING_STATEMENT_MS = 3_000;
/** How often a statement that waits for another process's transaction looks again, ms. */
const LOCK_LOOK_MS = 5;

/** As a connection that breaks; not an error of PostgreSQL itself. */
const connectionLost = (): Error =>
  Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });

const TRANSACTION_WORDS = /^(begin|commit|rollback)|sallyport\.now/;
/**
 * Deadlock, canceled by an administrator, too many connections: none says anything about the
 * statement itself.
 */
const PASSING_ERRORS = ['40P01', '57014', '53300'];

function brokenOff(random: Process['random']): Error {
  const code = random.pick(PASSING_ERRORS);
  return Object.assign(new pg.DatabaseError(`broken off: ${code}`, 0, 'error'), { code });
}

export class SimDatabase {
  isAway = false;
  /** Probability that a statement is carried out, but its answer is lost. */
  losesAnswers = 0;
  /** Probability that a statement takes seconds. */
  crawls = 0;
  /** The same for statements that take a slot, beside the above. */
  readonly slots = { lost: 0, crawl: 0 };
  /** Probability that PostgreSQL breaks a statement off. */
  breaksOff = 0;
  /** Hears of each error that PostgreSQL itself came to. */
  onError: (error: pg.DatabaseError, text: string) => void = () => undefined;
  onNotice: (notice: Notice) => void = () => undefined;
  /** Called when a statement or transaction is through, after its notices. */
  onCommit: () => void = () => undefined;
  /** Whose transaction is open; it runs without others in between. */
  inTransaction: Session | undefined;
  /** Something is wrong with it. */
  get isDisturbed(): boolean {
    const { lost, crawl } = this.slots;
    return this.isAway || [this.losesAnswers, this.crawls, this.breaksOff, lost, crawl].some((chance) => chance > 0);
  }

  private notices: string[] = [];
  private postponed: { text: string; values: readonly unknown[] }[] = [];
  private readonly listeners = new Set<ListenClient>();

  constructor(
    private readonly server: DatabaseConnection,
    private readonly repeats: Repeats | undefined,
  ) {
    server.onNotice = (text) => {
      // PostgreSQL has notices of its own.
      if (text.startsWith('{')) this.notices.push(text);
    };
  }

  /** The database for one process. */
  door(process: Process): Db {
    const pool: PostgresPool = {
      connect: () => Promise.resolve(new Session(this, process) as never),
      end: () => Promise.resolve(),
    };
    const executor = new Kysely<any>({ dialect: new PostgresDialect({ pool }) });
    return {
      executor,
      limits: {},
      connect: () => this.listen(process) as unknown as Promise<pg.Client>,
      close: () => executor.destroy(),
    };
  }

  /** Breaks every connection until {@link SimDatabase.goBack}. */
  goAway(): void {
    this.isAway = true;
    for (const listener of [...this.listeners]) listener.lose();
  }

  goBack(): void {
    this.isAway = false;
  }

  /** Breaks the connections that listen; others go on. */
  dropListeners(): void {
    for (const listener of [...this.listeners]) listener.lose();
  }

  async run(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    const known = this.repeats?.answer(text, values);
    if (known !== undefined) return known;
    if (text === 'begin' || isClockSetting(text)) return this.postpone(text, values);
    if (text === 'rollback') this.repeats?.forget();
    if ((text === 'commit' || text === 'rollback') && this.postponed.splice(0).length > 0) return NO_ROWS;
    for (const { text, values } of this.postponed.splice(0)) await this.server.query(text, values);
    const result = await this.ask(text, values);
    const changed = this.notices.map(parseNotice).flatMap((notice) => (notice.kind === 'row' ? notice.table : []));
    this.repeats?.took(text, values, result, changed);
    return result;
  }

  private async ask(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      const result = await this.server.query(text, values);
      if (!isOrdered(text) && result.rows.length > 1) result.rows.sort(byText);
      return result;
    } catch (error) {
      this.repeats?.forget();
      throw error;
    }
  }

  /**
   * The beginning of a transaction goes out with its first statement, and not at all when that is
   * left out too.
   */
  private async postpone(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    if (isClockSetting(text)) this.repeats?.clockSet(new Date(String(values[0])));
    if (text === 'begin') this.postponed = [{ text, values }];
    else if (this.postponed.length > 0) this.postponed.push({ text, values });
    else return this.ask(text, values);
    return NO_ROWS;
  }

  /** Whether two statements name no table in common. */
  areApart(a: string, b: string): boolean {
    const words = new Set(a.match(/\b[a-z_]+\b/g));
    return ![...(b.match(/\b[a-z_]+\b/g) ?? [])].some((word) => this.server.tables.has(word) && words.has(word));
  }

  /**
   * What the last statement told; sorted, as the order in which triggers fired depends on the plan.
   */
  told(): Notice[] {
    return this.notices.splice(0).sort().map(parseNotice);
  }

  tell(notice: Notice): void {
    this.onNotice(notice);
    if (notice.kind !== 'notify') return;
    for (const listener of this.listeners) listener.hear(notice.channel, notice.payload);
  }

  private listen(process: Process): Promise<ListenClient> {
    return new Promise((resolve, reject) => {
      process.later(process.random.between(0.5, 5), '', () => {
        if (this.isAway) return reject(connectionLost());
        const forget = (): void => void this.listeners.delete(client);
        const client: ListenClient = new ListenClient(process, forget, () => this.isAway);
        this.listeners.add(client);
        resolve(client);
      });
    });
  }
}

/** A connection of a process's pool, as kysely uses it: one statement, or one transaction. */
class Session {
  private held: Notice[] = [];
  /** Statements of the open transaction. */
  private changes: string[] = [];
  private isBroken = false;

  constructor(
    private readonly database: SimDatabase,
    private readonly process: Process,
  ) {}

  release(): void {}

  query(text: string, values: readonly unknown[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { random, scheduler, name } = this.process;
      const { crawls, slots } = this.database;
      const slow = random.chance(takesSlot(text) ? Math.max(crawls, slots.crawl) : crawls)
        ? CRAWLING_STATEMENT_MS
        : SLOWEST_STATEMENT_MS;
      const isSlow = slow === CRAWLING_STATEMENT_MS || random.chance(0.03);
      const delay = isSlow ? random.between(5, slow) : random.between(0.2, 4);
      const statement = { text, values, label: `${name} ${labelOf(text)}` };
      // On the way to the server even if the process dies meanwhile.
      scheduler.at(delay, '', () => this.arrive(statement, { resolve, reject }));
    });
  }

  private async arrive(statement: Statement, answer: Answer): Promise<void> {
    const { database, process } = this;
    const holder = database.inTransaction;
    if (holder !== undefined && !holder.process.isAlive) await holder.breakOff();
    else if (holder !== undefined && holder !== this && !holder.lets(process, statement.text)) {
      process.scheduler.at(LOCK_LOOK_MS, '', () => this.arrive(statement, answer));
      return;
    }
    // What a dead process had sent may still be carried out, unless its transaction is gone.
    if (!process.isAlive && (this.isBroken || process.random.chance(0.5))) return;
    if (this.isBroken) return statement.text === 'rollback' ? answer.resolve(NO_ROWS) : answer.reject(connectionLost());
    if (!database.isAway) return this.execute(statement, answer);
    await this.breakOff();
    answer.reject(connectionLost());
  }

  /**
   * Whether another statement of the process may run within this transaction, as the process may
   * wait for it: one that reads only what the transaction has left alone.
   */
  private lets(process: Process, text: string): boolean {
    if (process !== this.process || !isReading(text)) return false;
    return this.changes.every((change) => !change.startsWith('delete') && this.database.areApart(change, text));
  }

  private async execute({ text, values, label }: Statement, answer: Answer): Promise<void> {
    const { database, process } = this;
    const isWork = !TRANSACTION_WORDS.test(text);
    if (isWork && process.random.chance(database.breaksOff)) return answer.reject(brokenOff(process.random));
    if (text === 'begin') database.inTransaction = this;
    if (!isWork) this.changes = [];
    else if (database.inTransaction === this && !text.startsWith('select')) this.changes.push(text);
    try {
      const result = await database.run(text, values);
      process.scheduler.note(`${label}: ${result.rowCount ?? 0}`);
      this.tell(text);
      this.answer(answer, result, text);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      process.scheduler.note(`${label}: ${error.code} ${error.constraint ?? error.message}`);
      database.told();
      database.onError(error, text);
      if (process.isAlive) answer.reject(error);
    }
  }

  /** Hands on what a statement told, at once or with the commit of its transaction. */
  private tell(text: string): void {
    const { database } = this;
    this.held.push(...database.told());
    if (text === 'rollback') this.held = [];
    if (text === 'commit' || text === 'rollback') database.inTransaction = undefined;
    if (database.inTransaction !== undefined) return;
    for (const notice of this.held.splice(0)) database.tell(notice);
    database.onCommit();
  }

  private answer(answer: Answer, result: unknown, text: string): void {
    const { process, database } = this;
    const chance = takesSlot(text) ? Math.max(database.losesAnswers, database.slots.lost) : database.losesAnswers;
    const isLost = database.inTransaction === undefined && process.random.chance(chance);
    process.later(process.random.between(0.1, 2), '', () => {
      if (isLost) answer.reject(connectionLost());
      else answer.resolve(result);
    });
  }

  /** The connection is gone; the server rolls back what it had begun. */
  async breakOff(): Promise<void> {
    this.isBroken = true;
    this.held = [];
    if (this.database.inTransaction !== this) return;
    this.database.inTransaction = undefined;
    await this.database.run('rollback', []);
  }
}

const NO_ROWS: pg.QueryResult = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] };
/** A `with` may only name what a `select` reads. */
const isReading = (text: string): boolean =>
  /^\s*(select|with)\b/.test(text) && !/\b(insert into|update|delete from)\b/.test(text);
const takesSlot = (text: string): boolean => /^\s*with slot as/.test(text);
const isClockSetting = (text: string): boolean => text.startsWith("select set_config('sallyport.now'");

interface Statement {
  text: string;
  values: readonly unknown[];
  label: string;
}

interface Answer {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The connection that listens for notifications: in order, with a delay, until it breaks. */
class ListenClient extends EventEmitter {
  private hearsAt = 0;
  private isOver = false;

  constructor(
    private readonly process: Process,
    private readonly forget: () => void,
    private readonly isAway: () => boolean,
  ) {
    super();
  }

  query(): Promise<void> {
    return this.isAway() || this.isOver ? Promise.reject(connectionLost()) : Promise.resolve();
  }

  end(): Promise<void> {
    this.isOver = true;
    this.forget();
    return Promise.resolve();
  }

  hear(channel: string, payload: string): void {
    const { scheduler, random } = this.process;
    this.hearsAt = Math.max(this.hearsAt, scheduler.now + random.between(0.2, random.chance(0.05) ? 800 : 5));
    this.process.later(this.hearsAt - scheduler.now, `${this.process.name} hears ${channel} ${payload}`, () => {
      if (!this.isOver) this.emit('notification', { channel, payload });
    });
  }

  lose(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.forget();
    const { process } = this;
    process.later(process.random.between(0, 50), `${process.name} loses its listening connection`, () => {
      this.emit('end');
    });
  }
}

/** The connection to PostgreSQL behind one world at a time; statements are prepared once. */
export class DatabaseConnection {
  onNotice: (text: string) => void = () => undefined;
  private readonly names = new Map<string, string>();

  private constructor(
    private readonly client: pg.Client,
    readonly tables: ReadonlySet<string>,
  ) {
    client.on('notice', ({ message }) => this.onNotice(message ?? ''));
  }

  static async open(url: string): Promise<DatabaseConnection> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      `set search_path = sim, public, pg_catalog; set plan_cache_mode = force_generic_plan; set jit = off`,
    );
    const { rows } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    return new DatabaseConnection(client, new Set(rows.map(({ name }) => name)));
  }

  query(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    let name = this.names.get(text);
    if (name === undefined) this.names.set(text, (name = `s${this.names.size}`));
    return this.client.query({ name, text, values: [...values] });
  }

  end(): Promise<void> {
    return this.client.end();
  }
}

function parseNotice(text: string): Notice {
  return JSON.parse(text) as Notice;
}

const textOf = (row: unknown): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
const byText = (a: unknown, b: unknown): number => (textOf(a) < textOf(b) ? -1 : 1);

/**
 * What is looked up once per statement: its words for the trace, and whether it asks for an order.
 */
const labels = new Map<string, string>();
function labelOf(text: string): string {
  let label = labels.get(text);
  if (label === undefined) labels.set(text, (label = text.replace(/\s+/g, ' ').trim().slice(0, 60)));
  return label;
}
const isOrdered = (text: string): boolean => /\border by\b/.test(text);
