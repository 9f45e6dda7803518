/**
 * Lists without pages, as clients know them: workers, keys, jobs, months. The whole list is one
 * answer. What it shows is limited where it is stored, so that clients of gRPC that take 4 MiB can
 * read it.
 */
import { limit } from '../../../lib/limits/limit';
import type { ScopeInfo } from '../../../proto/gen/api/common';
import type { Op } from '../rpc/service';
import { encodedSize } from './encoded-size';
import { ITEM_STEPS, stepsOfBytes } from './list';

/** The items that `show` makes of the rows; it answers undefined for what is left out. */
export async function wholeList<R, I extends object>(
  op: Op,
  rows: readonly R[],
  show: (row: R) => I | undefined | Promise<I | undefined>,
): Promise<I[]> {
  const items: I[] = [];
  for (const row of rows) {
    op.signal.throwIfAborted();
    op.work.charge(ITEM_STEPS);
    if (op.work.isDue) await op.work.breathe();
    const item = await show(row);
    if (item === undefined) continue;
    op.work.charge(stepsOfBytes(encodedSize(item)));
    items.push(item);
  }
  return items;
}

const SCOPE_BYTES = limit('scopes in a list without pages', 512 * 1024, {
  what: 'name and description of the scope, repeated in every item of a list that has no pages',
  unit: 'bytes',
  reached: 'the items come without the description of their scope, then without its name',
  test: 'services/controller/resources/whole-list.test.ts: a long text of a scope is not repeated',
});

/** The scope as each of `count` items shows it. */
export function repeatedScope(scope: ScopeInfo, count: number): ScopeInfo {
  const fits = (...texts: string[]): boolean => count * encodedSize(texts) <= SCOPE_BYTES;
  if (fits(scope.name, scope.description)) return scope;
  return { ...scope, description: '', name: fits(scope.name) ? scope.name : '' };
}
