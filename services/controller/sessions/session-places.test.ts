import { CONTROLLER_LIMITS } from '../limits';
import { noPlace, SessionPlaces } from './session-places';

const LIMITS = { ...CONTROLLER_LIMITS.defaults(), sessions_live_per_worker: 6_400 };

test('a worker far from its limit is counted again after a 64th of its free places, a full one each time', () => {
  const places = new SessionPlaces(LIMITS);
  const counted = (): boolean => places.count('t', ['w']).workers.length > 0;
  const note = (live: number): void =>
    places.note({ target: null, workers: ['w'] }, { target_pending: null, target_live: null, worker_live: [live] });
  expect(counted()).toBe(true);
  note(0);
  expect(Array.from({ length: 100 }, counted)).not.toContain(true);
  expect(counted()).toBe(true);
  note(6_399);
  expect([counted(), counted()]).toEqual([true, true]);
});

test('what is remembered of counts is bounded', () => {
  const places = new SessionPlaces(LIMITS);
  for (let i = 0; i < 25_000; i++) {
    places.note({ target: null, workers: [`w ${i}`] }, { target_pending: null, target_live: null, worker_live: [0] });
  }
  expect(places['free'].size).toBeLessThanOrEqual(10_000);
});

test.each(Object.keys(new SessionPlaces(LIMITS).limits).filter((key) => key.startsWith('sessions_')))(
  'a refusal names %s',
  (key) => {
    const error = noPlace(key as 'sessions_live_per_user', LIMITS);
    expect(error.httpStatus).toBe(429);
    expect(error.message).toContain(`controller.limits.${key}, `);
  },
);
