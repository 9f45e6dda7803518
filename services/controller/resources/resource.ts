/**
 * The handlers that all nouns have: get, list, create, update, delete, and the edits of lists. What
 * a noun is stands in its table (proto/gen/nouns); hooks hold what it does differently. Each
 * handler does the same in the same order: check the fields, look up, authorize, one transaction,
 * and the item as it is then.
 */
import { newIdOf, type IdKind } from '../../../lib/contract/id-prefixes';
import type { Noun } from '../../../lib/contract/noun';
import { NOUNS } from '../../../proto/gen/nouns/all';
import type { ResourceType } from '../authz/actions';
import type { AllowedAs } from '../authz/authz';
import { toMake } from '../authz/proof';
import type { ControllerDeps } from '../context';
import type { Tx } from '../db/db';
import type { MessageFns } from '../rpc/messages';
import type { Handler, Handlers, Op, ServiceDefinition } from '../rpc/service';
import { changing, deleteRow, insertRow, updateRow, type Change } from './changes';
import type { NounRow } from './definition';
import {
  checkCreate,
  checkDeleteId,
  checkGetId,
  checkUpdate,
  FieldErrors,
  maskedColumns,
  storedText,
  type CommonFields,
} from './fields';
import { itemAccess, type ItemAccess, type ItemDefinition } from './items';
import type { ListRequest } from './list';
import { listEditors, type ListHooks } from './list-editors';
import { idPrefixes, staleOf, type Context } from './noun-context';
import type { At, Place } from './places';

type Columns = Record<string, unknown>;

/** What a create does beyond what the table tells. `V` is what was read of the request. */
export interface Creation<T extends ResourceType, M, V> {
  /** Reads the item; what is wrong goes to `errors`. */
  read?(errors: FieldErrors, item: M, request: object): V;
  /** Kind of the new item; that of its only kind when absent. */
  kind?(read: V): string;
  /** Columns besides those of changeable fields, made before the transaction begins. */
  columns?(op: Op, allowed: AllowedAs<T, 'create'>, read: V, item: M): Columns | Promise<Columns>;
  /** Stores it; one row when absent. */
  insert?(tx: Tx, allowed: AllowedAs<T, 'create'>, made: Made<V>): Promise<void>;
}

export interface Made<V> {
  columns: Columns;
  now: Date;
  read: V;
}

/** The same of an update. */
export interface Updating<T extends ResourceType, R, M, V> {
  read?(errors: FieldErrors, request: UpdateRequest<M>): V;
  /** Columns to change; those of the fields that the mask names when absent. */
  columns?(op: Op, row: R, read: V, request: UpdateRequest<M>): Columns | Promise<Columns>;
  /** Stores it; one row when absent. False when the version is not the current one. */
  apply?(tx: Tx, allowed: AllowedAs<T, 'update'>, change: Change, read: V): Promise<boolean>;
}

export interface UpdateRequest<M> {
  id: string;
  item?: M | undefined;
  update_mask?: string[] | undefined;
}

export interface Deletion<T extends ResourceType, R> {
  /** Refuses what may not be deleted, whoever asks. */
  refuse?(row: R): void;
  /** Stores it; one row when absent. */
  apply?(tx: Tx, allowed: AllowedAs<T, 'delete'>, now: Date): Promise<void>;
}

/** A noun as its service is made of. */
export interface NounHooks<T extends ResourceType, R extends NounRow, M, V = unknown, W = unknown> {
  definition: ItemDefinition<T, R, object>;
  message: MessageFns<M>;
  place: Place<T>;
  create?: Creation<T, M, V>;
  update?: Updating<T, R, M, W>;
  delete?: Deletion<T, R>;
  lists?: ListHooks<T, R>;
}

type Nouns = typeof NOUNS;
type List<T extends ResourceType> = Nouns[T]['lists'][keyof Nouns[T]['lists']];
type EditMethod<T extends ResourceType> =
  List<T> extends { method: infer N extends string } ? `${'add' | 'set' | 'remove'}${N}` : never;
/** Keys of the handlers that {@link resource} makes. */
type MadeMethod<T extends ResourceType> =
  `${'get' | 'create' | 'update' | 'delete'}${Nouns[T]['message']}` | `list${Nouns[T]['messages']}` | EditMethod<T>;
type MadeHandlers<T extends ResourceType, D extends ServiceDefinition> = Pick<
  Handlers<D>,
  keyof Handlers<D> & MadeMethod<T>
>;

export interface Resource<T extends ResourceType, R extends NounRow, D extends ServiceDefinition> {
  access: ItemAccess<T, R, object>;
  /** Those of the service's methods that all nouns have. */
  handlers: MadeHandlers<T, D>;
}

export function resource<
  T extends ResourceType,
  R extends NounRow,
  M extends CommonFields,
  D extends ServiceDefinition,
  V = unknown,
  W = unknown,
>(deps: ControllerDeps, service: D, hooks: NounHooks<T, R, M, V, W>): Resource<T, R, D> {
  const { definition } = hooks;
  const noun: Noun = NOUNS[definition.type];
  const access = itemAccess(deps, definition);
  const context: Context<T, R> = { deps, access, noun, type: definition.type };
  const made: Record<string, Handler> = {
    [`get${noun.message}`]: getter(context),
    [`list${noun.messages}`]: lister(context, hooks),
    [`create${noun.message}`]: creator(context, hooks),
    [`update${noun.message}`]: updater(context, hooks),
    [`delete${noun.message}`]: deleter(context, hooks.delete ?? {}),
    ...listEditors(context, hooks.lists ?? {}),
  };
  const handlers = Object.fromEntries(Object.entries(made).filter(([key]) => Object.hasOwn(service.methods, key)));
  return { access, handlers: handlers as MadeHandlers<T, D> };
}

function getter<T extends ResourceType, R extends NounRow>({ access, type }: Context<T, R>) {
  return async (op: Op, { id }: { id: string }) => {
    checkGetId(id, ...idPrefixes(type));
    const { row, allowed } = await access.allowAs(op, 'read', id);
    return access.shown(op, allowed, row);
  };
}

function lister<T extends ResourceType, R extends NounRow, M>(
  { deps }: Context<T, R>,
  { definition, place }: Pick<NounHooks<T, R, M>, 'definition' | 'place'>,
) {
  return (op: Op, request: ListRequest & At) => place.list(deps, op, definition, request);
}

function creator<T extends ResourceType, R extends NounRow, M extends CommonFields, V>(
  { deps, access, noun, type }: Context<T, R>,
  { message, place, create = {} }: NounHooks<T, R, M, V>,
) {
  return async (op: Op, request: { item?: M }) => {
    const item = request.item ?? message.fromPartial({});
    const errors = checkCreate(new FieldErrors(), item);
    place.check(errors, item as At);
    checkForms(errors, noun, item as At);
    const read = create.read?.(errors, item, request) as V;
    errors.throwIfAny();
    const may = await deps.authz.checkAs(op, 'create', await place.collection(deps, item as At));
    const kind = create.kind?.(read) ?? Object.keys(noun.kinds)[0]!;
    const allowed = toMake(may, newIdOf(type as IdKind, kind as never));
    const columns = {
      ...textColumns(noun, item as At),
      ...(await create.columns?.(op, allowed, read, item)),
    };
    const now = deps.clock.now();
    await changing(deps.db, now, (tx) =>
      create.insert === undefined
        ? insertRow(tx, allowed, { columns, now })
        : create.insert(tx, allowed, { columns, now, read }),
    );
    return access.answer(op, allowed);
  };
}

function updater<T extends ResourceType, R extends NounRow, M extends CommonFields, W>(
  { deps, access, noun, type }: Context<T, R>,
  { update = {} }: NounHooks<T, R, M, unknown, W>,
) {
  const mutable = mutableColumns(noun);
  return async (op: Op, request: UpdateRequest<M>) => {
    const errors = checkUpdate(new FieldErrors(), request, idPrefixes(type));
    checkForms(errors, noun, (request.item ?? {}) as At);
    const read = update.read?.(errors, request) as W;
    errors.throwIfAny();
    const { row, allowed } = await access.allowAs(op, 'update', request.id);
    const item = request.item as CommonFields & At;
    const columns =
      update.columns === undefined
        ? maskedColumns(request.update_mask!, mutable, (path) => stored(item[path]))
        : await update.columns(op, row, read, request);
    const now = deps.clock.now();
    const change = { version: item.version!, columns, now };
    const done = await changing(deps.db, now, (tx) =>
      update.apply === undefined ? updateRow(tx, allowed, change) : update.apply(tx, allowed, change, read),
    );
    if (!done) throw staleOf(type, request.id);
    return access.answer(op, allowed);
  };
}

/** Columns that an update may change, by the path of their field. */
export const mutableColumns = ({ fields }: Noun): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([path, field]) => (field.mutable === true ? [[path, field.column]] : [])),
  );

function deleter<T extends ResourceType, R extends NounRow>(
  { deps, access, type }: Context<T, R>,
  { refuse, apply }: Deletion<T, R>,
) {
  return async (op: Op, { id }: { id: string }) => {
    checkDeleteId(id, ...idPrefixes(type));
    const { row, allowed } = await access.allowAs(op, 'delete', id);
    refuse?.(row);
    const now = deps.clock.now();
    await changing(deps.db, now, (tx) => (apply === undefined ? deleteRow(tx, allowed) : apply(tx, allowed, now)));
    return {};
  };
}

/** Texts that have a form by the table. */
function checkForms(errors: FieldErrors, { fields }: Noun, item: At): void {
  for (const [path, { form, formError }] of Object.entries(fields)) {
    const value = item[path];
    if (form === undefined || typeof value !== 'string') continue;
    errors.require(new RegExp(form, 'u').test(value), path, formError ?? 'This field is improperly formatted.');
  }
}

const stored = (value: unknown): unknown => (typeof value === 'string' ? storedText(value) : value);

/** Columns of a new item that an update could change too; attributes are for hooks. */
function textColumns({ fields }: Noun, item: At): Columns {
  const own = Object.entries(fields).filter(([path, field]) => field.mutable === true && !path.includes('.'));
  return Object.fromEntries(own.map(([path, { column }]) => [column, stored(item[path]) ?? null]));
}
