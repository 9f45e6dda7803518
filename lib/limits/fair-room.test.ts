import { localCounters } from './counters';
import { FairRoom, type Place } from './fair-room';

/** A room with what was dropped, in order. */
function room(max: number, perHolder: number) {
  const dropped: string[] = [];
  const fair = new FairRoom('things', () => ({ max, perHolder }), localCounters());
  const take = (name: string, more: { amount?: number; isIdle?: boolean; isUnbounded?: boolean } = {}) =>
    fair.take({ holder: name[0]!, drop: () => dropped.push(name), ...more });
  return { fair, dropped, take };
}

const idle = { isIdle: true };

test('the holder with the most loses its oldest idle place to a newcomer', () => {
  const { fair, dropped, take } = room(4, 4);
  for (const name of ['a1', 'b1', 'a2', 'a3']) take(name, idle);
  take('c1', idle);
  take('d1', idle);
  expect(dropped).toEqual(['a1', 'a2']);
  expect([fair.held, fair.heldBy('a'), fair.heldBy('d')]).toEqual([4, 1, 1]);
});

test('a holder at its share loses its own oldest idle place, and is refused when none is idle', () => {
  const { dropped, take } = room(10, 2);
  const first = take('a1', idle) as Place;
  take('a2', idle);
  first.isIdle = false;
  take('a3', idle);
  expect(dropped).toEqual(['a2']);
  const busy = room(10, 1);
  busy.take('a1');
  expect(busy.take('a2')).toBe('share');
});

test('what was busy last is dropped last', () => {
  const { dropped, take } = room(3, 3);
  const first = take('a1', idle) as Place;
  take('a2', idle);
  take('a3', idle);
  first.isIdle = false;
  first.isIdle = true;
  take('b1', idle);
  expect(dropped).toEqual(['a2']);
});

test('a place in use goes only to who would hold clearly less', () => {
  const { fair, dropped, take } = room(100, 80);
  take('a1', { amount: 40 });
  take('a2', { amount: 40 });
  take('b1', { amount: 20 });
  expect(take('c1', { amount: 11 })).toBe('room');
  expect(dropped).toEqual([]);
  expect(typeof take('c2', { amount: 10 })).toBe('object');
  expect([dropped, fair.held]).toEqual([['a1'], 70]);
});

test('a place grows to its share and the room, shrinks, and ends with nothing', () => {
  const { fair, take } = room(10, 6);
  const place = take('a1', { amount: 2 }) as Place;
  expect([place.grow(4), place.grow(1), place.amount]).toEqual([undefined, 'share', 6]);
  take('b1', { amount: 4 });
  place.grow(-5);
  expect([place.amount, fair.heldBy('a')]).toEqual([1, 1]);
  const more = take('c1', { amount: 5 }) as Place;
  expect(more.grow(1)).toBe('room');
  place.release();
  place.release();
  expect([place.grow(1), place.amount, fair.held]).toEqual(['room', 0, 9]);
});

test('who stands for many is not bound by the share of one', () => {
  const { fair, dropped, take } = room(4, 1);
  for (const name of ['p1', 'p2', 'p3', 'p4']) expect(typeof take(name, { isUnbounded: true })).toBe('object');
  expect([fair.held, take('p5', { isUnbounded: true }), dropped]).toEqual([4, 'room', []]);
});

test('what never fits drops nobody', () => {
  const { dropped, take } = room(4, 10);
  take('a1', idle);
  expect([take('b1', { amount: 5 }), dropped]).toEqual(['room', []]);
});
