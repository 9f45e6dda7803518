/** Lists of what lives below an item, such as the hosts of a host catalog. */
import type { ResourceType } from '../authz/actions';
import type { AllowedList } from '../authz/authz';
import type { ControllerDeps } from '../context';
import { sql } from '../db/db';
import type { Op } from '../rpc/service';
import { list, type ListDefinition, type ListedRow, type ListRequest, type ListResponse } from './list';

/** `allowed` proves that the caller may list below the parent, whose id `column` holds. */
export async function listBelow<T extends ResourceType, R extends ListedRow, I extends object>(
  deps: ControllerDeps,
  op: Op,
  definition: ListDefinition<R, I> & { type: T },
  { allowed, column }: { allowed: AllowedList<T>; column: string },
  request: ListRequest,
): Promise<ListResponse<Partial<I>>> {
  const { everything, ids } = await deps.authz.reach(op, allowed.resource);
  const within = sql`${sql.ref(`r.${column}`)} = ${allowed.pin}`;
  const where = everything ? within : sql`${within} and r.id = any(${ids}::text[])`;
  return list(deps, op, definition, everything || ids.length > 0 ? [{ where }] : [], request);
}
