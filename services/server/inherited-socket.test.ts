import { inheritedSockets } from './inherited-socket';

const PID = 4711;
const mine = { LISTEN_PID: String(PID), LISTEN_FDS: '1' };

test('nothing is inherited without the variables, or when they are for another process; they do not stay', () => {
  expect(inheritedSockets({}, PID)).toBeUndefined();
  expect(inheritedSockets({ ...mine, LISTEN_FDS: '0' }, PID)).toBeUndefined();
  const env = { ...mine, LISTEN_PID: '1', LISTEN_FDNAMES: 'proxy', HOME: '/' };
  expect(inheritedSockets(env, PID)).toBeUndefined();
  expect(env).toEqual({ HOME: '/' });
});

test.each(['x', '-1', '2', '1e3', '3'])('LISTEN_FDS=%s without a name for each is refused with the remedy', (count) => {
  expect(() => inheritedSockets({ ...mine, LISTEN_FDS: count }, PID)).toThrow('one named "proxy" in LISTEN_FDNAMES');
});

test('a descriptor that is no socket is refused', () => {
  // Far above what a test process has open.
  const names = [...Array.from({ length: 9_000 }, () => 'a'), 'proxy'].join(':');
  const env = { ...mine, LISTEN_FDS: '9001', LISTEN_FDNAMES: names };
  expect(() => inheritedSockets(env, PID)).toThrow('descriptor 9003 must be a listening TCP socket');
});
