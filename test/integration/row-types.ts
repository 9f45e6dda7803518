/**
 * The types that the code gives to rows, as the compiler knows them, and the columns that
 * PostgreSQL gives to statements, as it describes them without running them.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import pg from 'pg';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');
const CONTROLLER = join(ROOT, 'services/controller');

/** What a value of a column or of a field may be; `any` fits everything. */
export type Kind = 'string' | 'number' | 'bigint' | 'boolean' | 'Date' | 'Buffer' | 'array' | 'any' | 'null';

/** A call that reads rows, and the fields that it gives them. */
export interface ReadingCall {
  /** `services/controller/groups/groups.store.ts` and the lines of the call. */
  file: string;
  first: number;
  last: number;
  fields: ReadonlyMap<string, { kinds: ReadonlySet<Kind>; optional: boolean }>;
  /** Rows have other fields too: whoever calls says which, or they are looked up by name. */
  isOpen: boolean;
  /** Exported function that it stands in; undefined in functions of the file itself. */
  exported: string | undefined;
}

/** All calls of `row` and `rows` in the controller. */
export function readingCalls(): ReadingCall[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const sources = readdirSync(CONTROLLER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(file))
    .map((file) => join(CONTROLLER, file));
  const program = ts.createProgram(sources, { ...options, types: ['node'] });
  const checker = program.getTypeChecker();
  const calls: ReadingCall[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && reads(checker, node.expression))
      calls.push(callOf(checker, node));
    ts.forEachChild(node, visit);
  };
  for (const file of sources) visit(program.getSourceFile(file)!);
  return calls;
}

/** Whether it is a function of the database's door that gives rows. */
function reads(checker: ts.TypeChecker, name: ts.Identifier): boolean {
  if (name.text !== 'row' && name.text !== 'rows') return false;
  const symbol = checker.getSymbolAtLocation(name);
  const aliased = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const file = (aliased ? checker.getAliasedSymbol(symbol) : symbol)?.declarations?.[0]?.getSourceFile().fileName;
  return aliased && file?.endsWith('controller/db/db.ts') === true;
}

function callOf(checker: ts.TypeChecker, call: ts.CallExpression): ReadingCall {
  const source = call.getSourceFile();
  const line = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const answer = checker.getAwaitedType(checker.getTypeAtLocation(call))!;
  const given = checker.getNonNullableType(answer);
  const row = checker.getIndexTypeOfType(given, ts.IndexKind.Number) ?? given;
  // Of a union, the fields of some members are optional.
  const common = new Set(row.getProperties().map(({ name }) => name));
  const fields = new Map<string, { kinds: Set<Kind>; optional: boolean }>();
  for (const field of (row.isUnion() ? row.types : [row]).flatMap((type) => type.getProperties())) {
    const kinds = kindsOf(checker, checker.getTypeOfSymbolAtLocation(field, call));
    const optional = (field.flags & ts.SymbolFlags.Optional) !== 0 || !common.has(field.name);
    fields.set(field.name, { kinds: new Set([...kinds, ...(fields.get(field.name)?.kinds ?? [])]), optional });
  }
  return {
    file: relative(ROOT, source.fileName),
    first: line(call.getStart()),
    last: line(call.getEnd()),
    fields,
    isOpen: isOpen(checker, row),
    exported: exportedName(call),
  };
}

function isOpen(checker: ts.TypeChecker, row: ts.Type): boolean {
  const parts = row.isIntersection() ? row.types : [row];
  return parts.some(
    (part) =>
      (part.flags & ts.TypeFlags.TypeParameter) !== 0 ||
      checker.getIndexTypeOfType(part, ts.IndexKind.String) !== undefined,
  );
}

/** Name of the exported function around a call. */
function exportedName(call: ts.Node): string | undefined {
  for (let node = call; !ts.isSourceFile(node); node = node.parent) {
    const statement = ts.isFunctionDeclaration(node) || ts.isVariableStatement(node) ? node : undefined;
    if (statement === undefined || !ts.isSourceFile(statement.parent)) continue;
    if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) return undefined;
    return ts.isVariableStatement(statement)
      ? statement.declarationList.declarations[0]!.name.getText()
      : statement.name?.text;
  }
  return undefined;
}

function kindsOf(checker: ts.TypeChecker, type: ts.Type): Set<Kind> {
  const parts = type.isUnion() ? type.types : [type];
  return new Set(
    parts.filter((part) => (part.flags & ts.TypeFlags.Undefined) === 0).map((part) => kindOf(checker, part)),
  );
}

const FLAGS: readonly (readonly [ts.TypeFlags, Kind])[] = [
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown, 'any'],
  [ts.TypeFlags.StringLike, 'string'],
  [ts.TypeFlags.NumberLike, 'number'],
  [ts.TypeFlags.BigIntLike, 'bigint'],
  [ts.TypeFlags.BooleanLike, 'boolean'],
  [ts.TypeFlags.Null, 'null'],
];

function kindOf(checker: ts.TypeChecker, type: ts.Type): Kind {
  const found = FLAGS.find(([flags]) => (type.flags & flags) !== 0);
  if (found !== undefined) return found[1];
  const name = type.getSymbol()?.name;
  if (name === 'Date' || name === 'Buffer') return name;
  // Any other object comes out of a column of JSON.
  return checker.isArrayType(type) ? 'array' : 'any';
}

/** A column as PostgreSQL describes it. */
export interface Column {
  name: string;
  kind: Kind;
  /** Whether it is a column of a table that may hold null. */
  nullable: boolean;
}

const {
  BOOL,
  INT8,
  INT4,
  INT2,
  FLOAT4,
  FLOAT8,
  TEXT,
  VARCHAR,
  TIMESTAMPTZ,
  BYTEA,
  JSON: JSON_TYPE,
  JSONB,
} = pg.types.builtins;
/** Of functions that answer nothing. */
const VOID = 2278;
const KINDS = new Map<number, Kind>([
  [BOOL, 'boolean'],
  [INT8, 'bigint'],
  ...[INT4, INT2, FLOAT4, FLOAT8].map((oid) => [oid, 'number'] as const),
  ...[TEXT, VARCHAR].map((oid) => [oid, 'string'] as const),
  [TIMESTAMPTZ, 'Date'],
  [BYTEA, 'Buffer'],
  [VOID, 'any'],
  ...[JSON_TYPE, JSONB].map((oid) => [oid, 'any'] as const),
]);

/** Describes statements on a connection of its own. */
export class Describer {
  private readonly client: pg.Client;
  private statements = 0;

  constructor(url: string) {
    this.client = new pg.Client({ connectionString: url });
  }

  connect = (): Promise<unknown> => this.client.connect();
  close = (): Promise<void> => this.client.end();

  /** Columns of a statement, which is prepared and not run. */
  async describe(text: string): Promise<Column[]> {
    const name = `s${this.statements++}`;
    const fields = await this.prepared(name, text);
    const known = await this.client.query<{ attrelid: number; attnum: number }>(
      `select attrelid::int, attnum::int from pg_attribute where attnotnull and attrelid = any($1::oid[])`,
      [fields.map(({ tableID }) => tableID)],
    );
    const arrays = await this.client.query<{ oid: number }>(
      `select oid::int from pg_type where typelem <> 0 and typlen = -1 and oid = any($1::oid[])`,
      [fields.map(({ dataTypeID }) => dataTypeID)],
    );
    return fields.map(({ name: column, dataTypeID, tableID, columnID }) => ({
      name: column,
      kind: KINDS.get(dataTypeID) ?? kindOfOther(dataTypeID, new Set(arrays.rows.map(({ oid }) => oid))),
      nullable:
        tableID !== 0 && !known.rows.some(({ attrelid, attnum }) => attrelid === tableID && attnum === columnID),
    }));
  }

  /** The two messages of the protocol that `pg` has no function for. */
  private prepared(name: string, text: string): Promise<pg.FieldDef[]> {
    return new Promise((resolve, reject) => {
      this.client.query(new Describing(name, text, resolve, reject));
    });
  }
}

/** What `pg` hands to a query that is submitted to it. */
interface ProtocolConnection {
  parse(query: { name: string; text: string }): void;
  describe(what: { type: 'S'; name: string }): void;
  sync(): void;
}

/** A query in the sense of `pg`: it is parsed and described, and never bound. */
class Describing implements pg.Submittable {
  private fields: pg.FieldDef[] = [];
  private error: Error | undefined;
  constructor(
    private readonly name: string,
    private readonly text: string,
    private readonly resolve: (fields: pg.FieldDef[]) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(on: pg.Connection): void {
    const connection = on as unknown as ProtocolConnection;
    connection.parse({ name: this.name, text: this.text });
    connection.describe({ type: 'S', name: this.name });
    connection.sync();
  }
  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.fields = fields;
  }
  handleError(error: Error): void {
    this.error = error;
    this.reject(error);
  }
  handleReadyForQuery(): void {
    if (this.error === undefined) this.resolve(this.fields);
  }
  handleEmptyQuery(): void {}
}

function kindOfOther(oid: number, arrays: ReadonlySet<number>): Kind {
  if (arrays.has(oid)) return 'array';
  throw new Error(`columns of the type ${oid} are not expected in rows`);
}
