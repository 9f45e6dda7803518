/** What every handler of one item does first and last: look it up, authorize, and show it. */
import type { ActionOn, ResourceType } from '../authz/actions';
import type { Allowed, AllowedAs, AllowedItem, Item } from '../authz/authz';
import { existing, guessable } from '../authz/refusal';
import type { ControllerDeps } from '../context';
import type { Executor } from '../db/db';
import type { Op } from '../rpc/service';
import type { ListDefinition, ListedRow } from './list';
import { present } from './present';

/** How one kind of resource is found and shown. */
export interface ItemDefinition<T extends ResourceType, R extends ListedRow, I extends object> extends ListDefinition<
  R,
  I
> {
  type: T;
  resource(row: R): Item<T>;
  find(on: Executor, id: string): Promise<R | undefined>;
  /** Ids that follow from what a person may know, such as a login name; absent: all are random. */
  isGuessable?(id: string): boolean;
}

export function itemAccess<T extends ResourceType, R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  definition: ItemDefinition<T, R, I>,
) {
  const on = deps.db.executor;

  const found = async (id: string): Promise<R> => existing(await definition.find(on, id));

  /** The item that has just been read, as the answer shows it. */
  async function shown(op: Op, allowed: AllowedItem<T>, row: R, more: object = {}) {
    const what = {
      decision: allowed.decision,
      resource: definition.resource(row),
      actions: definition.actions(row),
    };
    const item = { ...definition.item(row), ...(await definition.extra?.(op, row)), ...more };
    return { item: await present(deps.authz, op, what, item) };
  }

  async function looking<P>(op: Op, id: string, check: (item: Item<T>) => Promise<P>): Promise<{ row: R; allowed: P }> {
    const look = async () => {
      const row = await found(id);
      return { row, allowed: await check(definition.resource(row)) };
    };
    return definition.isGuessable?.(id) === true ? guessable(() => deps.authz.actor(op), look) : look();
  }

  /**
   * The item and the proof that the caller may perform the action on it; 404, 401 or 403 otherwise.
   */
  async function allow<const A extends ActionOn<T>>(
    op: Op,
    action: A,
    id: string,
  ): Promise<{ row: R; allowed: Allowed<T, A> }> {
    return looking(op, id, (item) => deps.authz.check(op, action, item));
  }

  /** {@link allow} for code that is the same for all types. */
  async function allowAs<const A extends string>(
    op: Op,
    action: A,
    id: string,
  ): Promise<{ row: R; allowed: AllowedAs<T, A> }> {
    return looking(op, id, (item) => deps.authz.checkAs(op, action, item));
  }

  /** The item as it is now, as the answer shows it. */
  const answer = async (op: Op, allowed: AllowedItem<T>, more: object = {}) =>
    shown(op, allowed, await found(allowed.id), more);

  return { allow, allowAs, shown, answer };
}

export type ItemAccess<T extends ResourceType, R extends ListedRow, I extends object> = ReturnType<
  typeof itemAccess<T, R, I>
>;
