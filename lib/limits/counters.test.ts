import { isLease, localCounters, type Lease, type Share } from './counters';

const share = (holder: string, max: number, kind = 'connections'): Share => ({ kind, holder, max });

test('takes of all shares or of none, and says which is used up', () => {
  const counters = localCounters();
  const both = [share('a', 1), share('all', 3, 'total')];
  expect(isLease(counters.take(both))).toBe(true);
  expect(counters.take(both)).toEqual(both[0]);
  expect(counters.held('total', 'all')).toBe(1);
});

test('a lease grows within the limits and gives everything back, once', () => {
  const counters = localCounters();
  const lease = counters.take([share('a', 10)], 4) as Lease;
  expect(lease.grow(6)).toBe(true);
  expect(lease.grow(1)).toBe(false);
  expect([lease.amount, counters.held('connections', 'a')]).toEqual([10, 10]);
  lease.release();
  lease.release();
  expect(lease.grow(1)).toBe(false);
  expect(counters.held('connections', 'a')).toBe(0);
});
