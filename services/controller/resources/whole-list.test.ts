import { Work, WorkExceeded } from '../../../lib/limits/work';
import type { Op } from '../rpc/service';
import { repeatedScope, wholeList } from './whole-list';

function at(limit: number, stretch: number) {
  let pauses = 0;
  const work = new Work(limit, stretch, () => Promise.resolve(void pauses++));
  const op = { work, signal: new AbortController().signal } as Partial<Op> as Op;
  return { op, work, pauses: () => pauses };
}
const rows = Array.from({ length: 100 }, (_, i) => i);
const show = (i: number) => (i % 2 === 0 ? { id: String(i) } : undefined);

test('work grows with the rows and the bytes of what is shown, with pauses between', async () => {
  const { op, work, pauses } = at(Infinity, 9_000);
  expect(await wholeList(op, rows, show)).toHaveLength(50);
  expect(work.steps).toBeGreaterThanOrEqual(100 * 3_000);
  expect(work.steps).toBeLessThan(100 * 3_010);
  expect(pauses()).toBe(33);
  const large = at(Infinity, Infinity);
  await wholeList(large.op, [1], () => ({ text: 'x'.repeat(40_000) }));
  expect(large.work.steps).toBeGreaterThan(3_000 + 10_000);
});

test('beyond the budget it ends, and for a caller that is gone', async () => {
  await expect(wholeList(at(99 * 3_000, Infinity).op, rows, show)).rejects.toThrow(WorkExceeded);
  const { op } = at(Infinity, Infinity);
  await expect(wholeList({ ...op, signal: AbortSignal.abort('gone') }, rows, show)).rejects.toBe('gone');
});

test('a long text of a scope is not repeated', () => {
  const scope = {
    id: 'p_1',
    type: 'project',
    name: 'n'.repeat(500),
    description: 'd'.repeat(5_000),
    parent_scope_id: 'o',
  };
  expect(repeatedScope(scope, 90)).toEqual(scope);
  expect(repeatedScope(scope, 100)).toEqual({ ...scope, description: '' });
  expect(repeatedScope(scope, 2_000)).toEqual({ ...scope, description: '', name: '' });
});
