/**
 * Every statement that reads typed rows is prepared, and its columns are compared with the type:
 * names, types, and null where the table allows it. The functions that read are called with
 * arguments that stand for anything, on a database that answers nothing.
 */
import { basename, join } from 'node:path';
import {
  DummyDriver,
  Kysely,
  type DatabaseConnection,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import { systemClock } from '../../lib/clock/clock';
import { watchReads, sql } from '../../services/controller/db/db';
import { CIPHERTEXTS } from '../../services/controller/kms/ciphertexts';
import { SessionPlaces } from '../../services/controller/sessions/session-places';
import { createTestDatabase, type TestDatabase } from '../harness/postgres';
import { Describer, readingCalls, type Column, type ReadingCall } from './row-types';

const ROOT = join(__dirname, '../..');

let database: TestDatabase;
let describer: Describer;
const calls = readingCalls();
const seen = new Map<ReadingCall, Set<string>>();

beforeAll(async () => {
  watchReads(({ sql }) => note(sql, new Error().stack!));
  database = await createTestDatabase();
  describer = new Describer(database.url);
  await describer.connect();
});
afterAll(async () => {
  watchReads(undefined);
  await describer?.close();
  await database?.drop();
});

/** Puts a statement down under the call that reads it. */
function note(text: string, stack: string): void {
  const frames = stack.split('\n').map((frame) => /(services\/controller\/[^:]+):(\d+):\d+/.exec(frame));
  for (const [, file, line] of frames.filter((frame) => frame !== null)) {
    const call = calls.find((one) => one.file === file && one.first <= Number(line) && Number(line) <= one.last);
    if (call === undefined) continue;
    seen.set(call, (seen.get(call) ?? new Set()).add(text));
    return;
  }
}

/** A database that finds nothing, or one row of anything, whatever it is asked. */
const databaseThatFinds = (found: unknown[]): Kysely<unknown> =>
  new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new FixedDriver(found),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });

class FixedDriver extends DummyDriver {
  constructor(private readonly found: unknown[]) {
    super();
  }
  override acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve({
      executeQuery: <R>() => Promise.resolve({ rows: this.found as R[], numAffectedRows: BigInt(this.found.length) }),
      streamQuery: () => {
        throw new Error('rows are not streamed');
      },
    });
  }
}

let on: Kysely<unknown>;

/**
 * Stands for any argument: a list of one, a text, a record of everything, the database.
 * What is asked of the database is SQL once more, so that parts of statements fit everywhere.
 */
const ANYTHING: any = new Proxy([] as unknown[], {
  get(_, name) {
    if (name === 'getExecutor') return () => on.getExecutor();
    if (name === 'executor') return on;
    if (name === 'transaction') return () => on.transaction();
    if (name === 'toOperationNode' || name === 'then') return undefined;
    if (name === 'getTime') return () => 0;
    if (name === 'length' || name === 'size') return 1;
    if (name === Symbol.toPrimitive) return () => '1000000';
    if (name === Symbol.iterator) return () => [ANYTHING][Symbol.iterator]();
    if (typeof name === 'string' && name in LIST) return LIST[name as 'map'].bind([ANYTHING]) as unknown;
    return ANYTHING as unknown;
  },
});
const LIST = new Array<unknown>();

/** Exported functions of the files that only hold statements; of others those that read. */
function functionsToCall(): Map<string, Set<string> | 'all'> {
  const found = new Map<string, Set<string> | 'all'>();
  for (const { file, exported } of calls) {
    if (file.endsWith('.store.ts')) found.set(file, 'all');
    else if (exported !== undefined) found.set(file, new Set([exported, ...(found.get(file) ?? [])]));
  }
  return found;
}

async function callAll(): Promise<void> {
  for (const rowsFound of [[], [ANYTHING]]) {
    on = databaseThatFinds(rowsFound);
    for (const [file, names] of functionsToCall()) {
      const module = (await import(join(ROOT, file))) as Record<string, unknown>;
      for (const [name, read] of Object.entries(module)) {
        if (typeof read !== 'function' || (names !== 'all' && !names.has(name))) continue;
        const given: unknown[][] = ARGUMENTS[name] ?? [[]];
        for (const first of given) {
          const args = [...first, ...ANYTHINGS.slice(first.length)];
          // What it makes of the rows does not matter.
          await Promise.resolve()
            .then(() => (read as (...args: unknown[]) => unknown)(...args))
            .catch(() => undefined);
        }
      }
    }
  }
}

const ANYTHINGS = [ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING] as unknown[];
const LISTED = { select: sql`select r.* from groups r`, from: sql`from groups r` };
const EXTENT = [{ where: sql`true` }, { where: sql`r.scope_id = u.scope_id`, each: ['global'] }];

const GROUP = { id: 'g_1234567890', scopeId: 'global', resource: { type: 'group' } };

/** First arguments of functions that anything is too little for: names in SQL, functions. */
const ARGUMENTS: Readonly<Record<string, unknown[][]>> = {
  startDatabaseClock: [[{ db: ANYTHING as unknown, local: systemClock }]],
  lockCiphertexts: CIPHERTEXTS.map((place) => [ANYTHING, place]),
  lockRows: CIPHERTEXTS.map((place) => [ANYTHING, place]),
  fetchPage: [[ANYTHING, LISTED, EXTENT, { by: 'created_time' }]],
  countRows: [[ANYTHING, LISTED, EXTENT]],
  updateRow: [[ANYTHING, { ...GROUP, action: 'update' }, { version: 1, now: new Date(0), columns: { name: 'x' } }]],
  insertSession: [[ANYTHING, ANYTHING, ANYTHING, new SessionPlaces({} as never)]],
};

const at = ({ file, first }: ReadingCall): string => `${file}:${first}`;

/** Columns that the tables allow to be null and the statement does not. */
const NEVER_NULL: Readonly<Record<string, string>> = {
  'access-review.store.ts scope_id': 'the scope is joined',
  'access-review.store.ts parent_scope_id': 'targets live in projects, which have a parent',
};

function faults(call: ReadingCall, text: string, columns: readonly Column[]): string[] {
  const { fields } = call;
  const found: string[] = [];
  for (const [name, { kinds, optional }] of fields) {
    const column = columns.find((one) => one.name === name);
    if (column === undefined) {
      if (!optional) found.push(`${at(call)}: no column ${name}`);
    } else if (!kinds.has('any')) {
      if (column.kind !== 'any' && !kinds.has(column.kind))
        found.push(`${at(call)}: ${name} is ${column.kind}, typed ${[...kinds].join(' | ')}`);
      const excluded =
        text.includes(`${name} is not null`) || NEVER_NULL[`${basename(call.file)} ${name}`] !== undefined;
      if (column.nullable && !kinds.has('null') && !excluded) found.push(`${at(call)}: ${name} may be null`);
    }
  }
  // Rows without a field are only counted.
  const unread = call.isOpen || fields.size === 0 ? [] : columns.filter(({ name }) => !fields.has(name));
  return [...found, ...unread.map(({ name }) => `${at(call)}: nobody reads ${name}`)];
}

test('the columns of every statement are the fields of its rows', async () => {
  await callAll();
  const found = new Set<string>();
  for (const [call, texts] of seen) {
    for (const text of texts) {
      const columns = await describer.describe(text).catch((error: Error) => `${at(call)}: ${error.message}`);
      for (const fault of typeof columns === 'string' ? [columns] : faults(call, text, columns)) found.add(fault);
    }
  }
  expect([...found]).toEqual([]);
  expect(calls.filter((call) => !seen.has(call)).map(at)).toEqual([]);
}, 120_000);
