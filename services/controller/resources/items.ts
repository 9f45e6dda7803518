/** What every handler of one item does first and last: look it up, authorize, and show it. */
import { resourceNotFound } from '../../../lib/errors/errors';
import type { Allowed } from '../authz/authz';
import type { ControllerDeps } from '../context';
import type { Executor } from '../db/db';
import type { Op } from '../rpc/service';
import type { ListDefinition, ListedRow } from './list';
import { present } from './present';

/** How one kind of resource is found and shown. */
export interface ItemDefinition<R extends ListedRow, I extends object> extends ListDefinition<R, I> {
  find(on: Executor, id: string): Promise<R | undefined>;
}

export function itemAccess<R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  definition: ItemDefinition<R, I>,
) {
  const on = deps.db.executor;

  async function found(id: string): Promise<R> {
    const row = await definition.find(on, id);
    if (row === undefined) throw resourceNotFound();
    return row;
  }

  /** The item that has just been read, as the answer shows it. */
  async function shown(op: Op, allowed: Allowed, row: R) {
    const what = {
      decision: allowed.decision,
      resource: definition.resource(row),
      actions: definition.actions(row),
    };
    const item = { ...definition.item(row), ...(await definition.extra?.(op, row)) };
    return { item: await present(deps.authz, op, what, item) };
  }

  /** The item and the proof that the caller may perform the action on it; 404, 401 or 403 otherwise. */
  async function allow<A extends string>(op: Op, action: A, id: string): Promise<{ row: R; allowed: Allowed<A> }> {
    const row = await found(id);
    return { row, allowed: await deps.authz.check(op, action, definition.resource(row)) };
  }

  /** The item as it is now, as the answer shows it. */
  const answer = async (op: Op, allowed: Allowed, id: string) => shown(op, allowed, await found(id));

  return { allow, shown, answer };
}

export type ItemAccess<R extends ListedRow, I extends object> = ReturnType<typeof itemAccess<R, I>>;
