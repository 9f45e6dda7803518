import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../lib/clock/clock';
import { createLogger } from '../../../lib/log/log';
import type { ConnectionClosed } from '../../../proto/gen/worker/control';
import { CloseSpool } from './close-spool';

const log = createLogger('spool', { level: 'silent' });
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'spool-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** Timers that fire when told to. */
class ManualClock implements Clock {
  private waiting: (() => void)[] = [];
  now = () => new Date(0);
  every = () => () => undefined;
  after(_: number, callback: () => void): () => void {
    this.waiting.push(callback);
    return () => (this.waiting = this.waiting.filter((other) => other !== callback));
  }
  fire(): void {
    for (const callback of this.waiting.splice(0)) callback();
  }
}

const close = (connectionId: string): Omit<ConnectionClosed, 'sequence'> => ({
  session_id: 's_1',
  connection_id: connectionId,
  bytes_up: 2n ** 53n + 1n,
  bytes_down: 0n,
  closed_by: 'client',
  cause: 'fin',
  error: '',
  endpoint_address: '127.0.0.1',
  endpoint_port: 5432,
  connect_latency_us: 0,
  first_byte_latency_us: undefined,
  dial_failed: false,
  boot_id: 'b',
});

const ids = (spool: CloseSpool) => [...spool.pending()].map((item) => item.connection_id);
const file = () => readFileSync(join(directory, 'closes.spool'), 'utf8');

test('what was not acknowledged survives a restart, and no sequence is used twice', () => {
  const clock = new ManualClock();
  const first = new CloseSpool(directory, clock, log);
  const kept = ['a', 'b', 'c'].map((id) => first.add(close(id)));
  clock.fire();
  first.acknowledge(kept[0]!.sequence);
  clock.fire();
  // Killed here: nothing is closed.
  const second = new CloseSpool(directory, clock, log);
  expect([...second.pending()]).toEqual(kept.slice(1));
  expect(second.add(close('d')).sequence).toBeGreaterThan(kept[2]!.sequence);
});

test('sequences stay unique when the killed process had written none of its closes', () => {
  const clock = new ManualClock();
  const first = new CloseSpool(directory, clock, log);
  const lost = first.add(close('a'));
  const second = new CloseSpool(directory, clock, log);
  expect(ids(second)).toEqual([]);
  expect(second.add(close('b')).sequence).toBeGreaterThan(lost.sequence);
});

test('a close acknowledged at once never touches the disk; a settled spool is small', () => {
  const clock = new ManualClock();
  const spool = new CloseSpool(directory, clock, log);
  const empty = file();
  spool.acknowledge(spool.add(close('a')).sequence);
  clock.fire();
  expect(file()).toBe(empty);
  for (let i = 0; i < 100; i++) spool.add(close(`c${i}`));
  clock.fire();
  expect(file().split('\n')).toHaveLength(102);
  spool.acknowledge(1_000n);
  clock.fire();
  expect(file().split('\n')).toHaveLength(2);
  spool.close();
});

test('an acknowledgement covers everything before it', () => {
  const clock = new ManualClock();
  const spool = new CloseSpool(directory, clock, log);
  const [, second] = ['a', 'b', 'c'].map((id) => spool.add(close(id)));
  spool.acknowledge(second!.sequence);
  expect(ids(spool)).toEqual(['c']);
  expect(spool.acknowledged).toBe(second!.sequence);
});

test('a line cut short by a crash is ignored', () => {
  const clock = new ManualClock();
  const first = new CloseSpool(directory, clock, log);
  first.add(close('a'));
  clock.fire();
  appendFileSync(join(directory, 'closes.spool'), '{"sequence":"99","conn');
  expect(ids(new CloseSpool(directory, clock, log))).toEqual(['a']);
});

test('the file is for its owner only', () => {
  new CloseSpool(directory, new ManualClock(), log).close();
  expect(statSync(join(directory, 'closes.spool')).mode & 0o777).toBe(0o600);
});
