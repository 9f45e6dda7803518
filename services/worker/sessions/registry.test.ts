import { manualClock, type TestClock } from '../../../lib/clock/test-clock.fixture';
import { connectionEnd, SessionRegistry } from './registry';
import {
  ControllerUnreachable,
  type ConnectionEnd,
  type EgressGrant,
  type FoundSession,
  type LiveConnection,
} from './types';

const grant = (change: Partial<EgressGrant> = {}): EgressGrant => ({
  sessionId: 's_1',
  certificate: Buffer.alloc(0),
  privateKey: Buffer.alloc(64),
  endpoint: { host: 'h', port: 1 },
  connectionLimit: -1,
  expiresInMs: 10_000,
  ...change,
});

class FakeConnection implements LiveConnection {
  isAuthorized = true;
  cuts: ConnectionEnd[] = [];
  constructor(readonly id: string) {}
  counts = () => ({ connectionId: this.id, bytesUp: 0, bytesDown: 0 });
  cut(end: ConnectionEnd): void {
    this.cuts.push(end);
  }
}

let clock: TestClock;
let asked: string[];
let answer: () => Promise<FoundSession | undefined>;
let registry: SessionRegistry;
beforeEach(() => {
  clock = manualClock();
  asked = [];
  answer = () => Promise.resolve(undefined);
  registry = new SessionRegistry(clock, (id) => {
    asked.push(id);
    return answer();
  });
});

function live(change: Partial<EgressGrant> = {}): FakeConnection {
  const connection = new FakeConnection('sc_1');
  registry.put(grant(change)).connections.set(connection.id, connection);
  return connection;
}

test('an unknown session is asked for once at a time, and not again for a while', async () => {
  let resolve: (found: undefined) => void = () => undefined;
  answer = () => new Promise((r) => (resolve = r));
  const both = [registry.get('s_1'), registry.get('s_1')];
  resolve(undefined);
  expect(await Promise.all(both)).toEqual([undefined, undefined]);
  await registry.get('s_1');
  expect(asked).toEqual(['s_1']);
  answer = () => Promise.resolve({ grant: grant(), ended: { cause: 'canceled', closedBy: 'admin' } });
  clock.forward(2_001);
  expect((await registry.get('s_1'))!.ended).toEqual({ cause: 'canceled', closedBy: 'admin' });
});

test('a pushed grant ends the negative cache', async () => {
  await registry.get('s_1');
  registry.put(grant());
  expect((await registry.get('s_1'))!.id).toBe('s_1');
});

test('no controller is not the same as no session', async () => {
  answer = () => Promise.reject(new ControllerUnreachable('', false));
  await expect(registry.get('s_1')).rejects.toThrow(ControllerUnreachable);
  await expect(registry.get('s_1')).rejects.toThrow(ControllerUnreachable);
  expect(asked).toHaveLength(2);
});

test('expiry cuts, is remembered for a minute, then forgotten', async () => {
  const connection = live();
  clock.forward(9_999);
  expect(connection.cuts).toEqual([]);
  clock.forward(1);
  expect(connection.cuts).toEqual([{ closedBy: 'policy', cause: 'expired' }]);
  expect((await registry.get('s_1'))!.ended!.cause).toBe('expired');
  clock.forward(60_000);
  expect(registry.size).toBe(0);
  expect(clock.waiting()).toEqual([]);
});

test('a repeated grant renews the lifetime and keeps connections and a known end', () => {
  const connection = live();
  clock.forward(9_000);
  expect(registry.put(grant()).connections.get('sc_1')).toBe(connection);
  clock.forward(9_000);
  expect(connection.cuts).toEqual([]);
  registry.end('s_1', { cause: 'canceled', closedBy: 'admin' });
  expect(registry.put(grant()).ended!.cause).toBe('canceled');
});

test('the first end of a session counts', () => {
  const connection = live();
  registry.end('s_1', { cause: 'canceled', closedBy: 'client' });
  registry.end('s_1', { cause: 'expired', closedBy: 'policy' });
  expect(connection.cuts.at(-1)).toEqual({ closedBy: 'client', cause: 'fin' });
});

test('a lost controller leaves connections alone unless their target says otherwise', () => {
  const patient = live();
  const strict = live({ sessionId: 's_2', offlineGraceMs: 0 });
  const limited = live({ sessionId: 's_3', offlineGraceMs: 1_000 });
  const saved = live({ sessionId: 's_4', offlineGraceMs: 5_000 });
  registry.controllerLost();
  clock.forward(1_000);
  registry.controllerBack();
  clock.forward(6_000);
  const end = { closedBy: 'policy', cause: 'controller unreachable' };
  expect([patient.cuts, strict.cuts, limited.cuts, saved.cuts]).toEqual([[], [end], [end], []]);
});

test('what a session’s end means for its connections', () => {
  expect(connectionEnd({ cause: 'expired', closedBy: 'controller' })).toEqual({
    cause: 'expired',
    closedBy: 'controller',
  });
  expect(connectionEnd({ cause: 'session ended', closedBy: 'admin' })).toEqual({
    cause: 'canceled',
    closedBy: 'admin',
  });
});

test('denied by the controllers, every session ends at once; a new grant revives those that had not ended', () => {
  const [denied, canceled] = [registry.put(grant()), registry.put(grant({ sessionId: 's_2' }))];
  const connection = new FakeConnection('sc_1');
  denied.connections.set('sc_1', connection);
  registry.end('s_2', { closedBy: 'admin', cause: 'canceled' });
  registry.revokeAll({ closedBy: 'controller', cause: 'canceled' });
  expect(connection.cuts).toEqual([{ closedBy: 'controller', cause: 'canceled' }]);
  expect(denied.ended).toEqual({ closedBy: 'controller', cause: 'canceled' });
  for (const sessionId of ['s_1', 's_2']) registry.put(grant({ sessionId }));
  expect(denied.ended).toBeUndefined();
  expect(canceled.ended).toEqual({ closedBy: 'admin', cause: 'canceled' });
});

test('of fifty thousand sessions that ended, the latest thousand are kept, and those with connections', async () => {
  const busy = live({ sessionId: 's_busy' });
  registry.end('s_busy', { closedBy: 'admin', cause: 'canceled' });
  for (let i = 0; i < 50_000; i++) {
    registry.put(grant({ sessionId: `s_${i}` }));
    registry.end(`s_${i}`, { closedBy: 'admin', cause: 'canceled' });
  }
  expect(registry.size).toBe(1_000);
  expect(clock.waiting()).toHaveLength(1_000);
  expect(registry.findConnections(['sc_1', 'sc_2'])).toEqual([busy]);
  expect((await registry.get('s_49999'))!.ended!.cause).toBe('canceled');
  expect(asked).toEqual([]);
  // The controllers are asked about one that is forgotten.
  expect(await registry.get('s_0')).toBeUndefined();
  expect(asked).toEqual(['s_0']);
  clock.forward(80_000);
  expect([registry.size, clock.waiting().length]).toEqual([0, 0]);
});

test('a session that a new grant revives is none of those that ended', () => {
  registry.put(grant({ sessionId: 's_revived' }));
  registry.revokeAll({ closedBy: 'controller', cause: 'canceled' });
  registry.put(grant({ sessionId: 's_revived' }));
  for (let i = 0; i < 2_000; i++) {
    registry.put(grant({ sessionId: `s_${i}` }));
    registry.end(`s_${i}`, { closedBy: 'admin', cause: 'canceled' });
  }
  expect(registry.size).toBe(1_001);
});

test('unknown ids are remembered in bounded number', async () => {
  for (let i = 0; i < 10_001; i++) await registry.get(`s_${i}`);
  asked = [];
  await registry.get('s_10000');
  expect(asked).toEqual([]);
  await registry.get('s_0');
  expect(asked).toEqual(['s_0']);
});

test('a grant that comes when all is over sets no timer', () => {
  registry.put(grant());
  registry.close();
  registry.put(grant({ sessionId: 's_late' }));
  expect(clock.waiting()).toEqual([]);
});
