import { Work } from '../../../lib/limits/work';
import { AccessCache } from './access-cache';
import type { AccessRow } from './authorizer.store';

const work = (): Work => new Work(100_000_000, 1_000_000);

const loaded = (holder: string, scope_id: string, grants: string[], tag = 'one'): AccessRow => ({
  holder,
  scope_id,
  tag,
  roles: [[`r_${scope_id}`, ['this'], grants]],
  unchanged: null,
});
const GRANT = 'ids=*;type=target;actions=read';
const at = (...scopes: string[]) => ({ scopes, below: undefined });

test('what was used longest ago is forgotten first', async () => {
  const cache = new AccessCache(3_000);
  const none = cache.snapshotOf([]);
  for (const scope of ['p_1', 'p_2', 'p_3']) await none.with([loaded('u_auth', scope, [GRANT])], work());
  cache.snapshot(['u_auth'], at('p_1'));
  await none.with([loaded('u_auth', 'p_4', [GRANT, GRANT, GRANT])], work());
  expect(cache.snapshot(['u_auth'], 'everywhere').known.scopes).toEqual(['p_1', 'p_4']);
  // What does not fit at all is for the request alone.
  const large = await none.with([loaded('u_auth', 'p_5', Array<string>(20).fill(GRANT))], work());
  expect(large[0]!.access.roles[0]!.grants).toHaveLength(20);
  expect(cache.snapshot(['u_auth'], 'everywhere').known.scopes).toEqual([]);
});

test('only what the statement speaks of counts', async () => {
  const cache = new AccessCache();
  await cache.snapshotOf([]).with([loaded('u_1', 'p_1', [GRANT]), loaded('u_1', 'p_2', [GRANT])], work());
  const snapshot = cache.snapshot(['u_1'], at('p_1', 'p_2'));
  expect(snapshot.known).toEqual({ holders: ['u_1', 'u_1'], scopes: ['p_1', 'p_2'], tags: ['one', 'one'] });
  const now = await snapshot.with([{ holder: 'u_1', scope_id: null, unchanged: ['p_2'] }], work());
  expect(now.map(({ access }) => access.scopeId)).toEqual(['p_2']);
});

test('parsing costs steps once, and a grant that no longer parses gives nothing', async () => {
  const cache = new AccessCache();
  const first = work();
  const rows = [loaded('u_1', 'p_1', [GRANT, 'ids=*;type=nonsense;actions=read'])];
  const [held] = await cache.snapshotOf([]).with(rows, first);
  expect(held!.access.roles[0]!.grants.map((grant) => grant.canonical)).toEqual([GRANT]);
  const second = work();
  await cache.snapshotOf([]).with([loaded('u_2', 'p_1', [GRANT])], second);
  expect([first.steps > 0, second.steps]).toEqual([true, 0]);
});
