/** The handlers that add to a list of an item, replace it, or remove from it: `add-members`. */
import { invalidArgument, type ApiError } from '../../../lib/errors/errors';
import type { NOUNS } from '../../../proto/gen/nouns/all';
import type { ResourceType } from '../authz/actions';
import type { AllowedEdit, AllowedToAdd, AllowedToRemove } from '../authz/authz';
import { mayAdd, mayRemove } from '../authz/proof';
import { notFound } from '../authz/refusal';
import type { Tx } from '../db/db';
import type { Handler, Op } from '../rpc/service';
import { changing, updateRow } from './changes';
import type { NounRow } from './definition';
import { checkListEdit, MESSAGE, unique, type FieldErrors } from './fields';
import { listChanges, unable, verbOf, type ListEdit, type ListVerb } from './list-edits';
import { idPrefixes, staleOf, type Context } from './noun-context';

type Nouns = typeof NOUNS;
type ListsOf<T extends ResourceType> = keyof Nouns[T]['lists'] & string;

/** How one list of an item is edited. */
export interface ListHook<T extends ResourceType, W extends string, R> {
  /** Checks the values, each of which is given once. */
  check(errors: FieldErrors, values: readonly string[], edit: { verb: ListVerb; id: string }): void;
  /** Values of the item now. */
  current(row: R): readonly string[];
  /** Stores what is gone, then what is new; the number of values that it was possible for. */
  add(tx: Tx, allowed: AllowedToAdd<T, W>, values: readonly string[]): Promise<number>;
  remove(tx: Tx, allowed: AllowedToRemove<T, W>, values: readonly string[]): Promise<number>;
  /** Why it was not possible for all of them, and what the field must hold. */
  refused: { add: Refusal; remove: Refusal };
}

export type Refusal = readonly [why: string, must: string];

/** By list. One without a hook has handlers of its own. */
export type ListHooks<T extends ResourceType, R> = { [W in ListsOf<T>]?: ListHook<T, W, R> };

type Edit = Handler;

/** By key of the service, `addGroupMembers`. */
export function listEditors<T extends ResourceType, R extends NounRow>(
  context: Context<T, R>,
  hooks: ListHooks<T, R>,
): Record<string, Edit> {
  const named = Object.entries(hooks) as [string, ListHook<T, string, R>][];
  return Object.fromEntries(
    named.flatMap(([list, hook]) => {
      const { method, fields } = context.noun.lists[list]!;
      const field = Object.keys(fields)[0]!;
      return (['add', 'set', 'remove'] as const).map((verb) => [
        `${verb}${method}`,
        editor(context, { hook, field, action: `${verb}-${list}` }),
      ]);
    }),
  );
}

interface Request {
  id: string;
  version: number;
}

/** Setting what is there already changes nothing. */
function editor<T extends ResourceType, R extends NounRow>(
  context: Context<T, R>,
  { hook, field, action }: { hook: ListHook<T, string, R>; field: string; action: ListEdit<string> },
): Edit {
  const verb = verbOf(action);
  return async (op, request: Request & Record<string, readonly string[]>) => {
    const wanted = unique(request[field] as readonly string[]);
    const given = { field, values: wanted, mayBeEmpty: verb === 'set' };
    const errors = checkListEdit(request, idPrefixes(context.type), given);
    hook.check(errors, wanted, { verb, id: request.id });
    errors.throwIfAny(MESSAGE.fields);
    return editItem(context, op, action, request, (row, allowed) => {
      const { added, removed } = listChanges(verb, hook.current(row), wanted);
      if (added.length + removed.length === 0) return undefined;
      return async (tx) => {
        const gone = removed.length > 0 && mayRemove(allowed) ? await hook.remove(tx, allowed, removed) : 0;
        if (gone !== removed.length) throw refused(context.type, action, field, hook.refused.remove);
        const fresh = added.length > 0 && mayAdd(allowed) ? await hook.add(tx, allowed, added) : 0;
        if (fresh !== added.length) throw refused(context.type, action, field, hook.refused.add);
      };
    });
  };
}

function refused(type: ResourceType, action: ListEdit<string>, field: string, [why, must]: Refusal): ApiError {
  const list = action.slice(action.indexOf('-') + 1).replaceAll('-', ' ');
  return invalidArgument(`${unable(verbOf(action), list, type.replaceAll('-', ' '))}: ${why}`, [
    { name: field, description: must },
  ]);
}

/** 404 of an edit whose version is not current; clients know another text of host sets. */
const staleEdit = (type: ResourceType, id: string): ApiError =>
  type === 'host-set' ? notFound('Unable to find requested resource.') : staleOf(type, id);

/** What is left to do within the transaction; undefined when nothing changes. */
export type Plan = ((tx: Tx) => Promise<void>) | undefined;

/**
 * An edit of the item that the caller has seen in the current version: what was read is of that
 * version, so that `plan` may rest on it. Where nothing changes, the item stays as it is.
 */
export async function editItem<T extends ResourceType, R extends NounRow, const W extends string>(
  { deps, access, type }: Pick<Context<T, R>, 'deps' | 'access' | 'type'>,
  op: Op,
  action: ListEdit<W>,
  request: Request,
  plan: (row: R, allowed: AllowedEdit<T, W>) => Plan | Promise<Plan>,
): Promise<object> {
  const { row, allowed } = await access.allowAs(op, action, request.id);
  if ((row as R & { version?: number }).version !== request.version) throw staleEdit(type, request.id);
  const apply = await plan(row, allowed);
  if (apply === undefined) return access.shown(op, allowed, row);
  const now = deps.clock.now();
  await changing(deps.db, now, async (tx) => {
    const change = { version: request.version, columns: {}, now };
    if (!(await updateRow(tx, allowed, change))) throw staleEdit(type, request.id);
    await apply(tx);
  });
  return access.answer(op, allowed);
}
