import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../lib/log/log';
import type { ConnectionClosed } from '../../../proto/gen/worker/control';
import { manualClock } from '../../../lib/clock/test-clock.fixture';
import { CloseSpool } from './close-spool';

const log = createLogger('spool', { level: 'silent' });
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'spool-'))));
afterEach(() => rmSync(directory, { recursive: true }));

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
  const clock = manualClock();
  const first = new CloseSpool(directory, clock, log);
  const kept = ['a', 'b', 'c'].map((id) => first.add(close(id)));
  clock.forward(3_600_000);
  first.acknowledge(kept[0]!.sequence);
  clock.forward(3_600_000);
  // Killed here: nothing is closed.
  const second = new CloseSpool(directory, clock, log);
  expect([...second.pending()]).toEqual(kept.slice(1));
  expect(second.add(close('d')).sequence).toBeGreaterThan(kept[2]!.sequence);
});

test('sequences stay unique when the killed process had written none of its closes', () => {
  const clock = manualClock();
  const first = new CloseSpool(directory, clock, log);
  const lost = first.add(close('a'));
  const second = new CloseSpool(directory, clock, log);
  expect(ids(second)).toEqual([]);
  expect(second.add(close('b')).sequence).toBeGreaterThan(lost.sequence);
});

test('a close acknowledged at once never touches the disk; a settled spool is small', () => {
  const clock = manualClock();
  const spool = new CloseSpool(directory, clock, log);
  const empty = file();
  spool.acknowledge(spool.add(close('a')).sequence);
  clock.forward(3_600_000);
  expect(file()).toBe(empty);
  for (let i = 0; i < 100; i++) spool.add(close(`c${i}`));
  clock.forward(3_600_000);
  expect(file().split('\n')).toHaveLength(102);
  spool.acknowledge(1_000n);
  clock.forward(3_600_000);
  expect(file().split('\n')).toHaveLength(2);
  spool.close();
});

test('an acknowledgement covers everything before it', () => {
  const clock = manualClock();
  const spool = new CloseSpool(directory, clock, log);
  const [, second] = ['a', 'b', 'c'].map((id) => spool.add(close(id)));
  spool.acknowledge(second!.sequence);
  expect(ids(spool)).toEqual(['c']);
  expect(spool.acknowledged).toBe(second!.sequence);
});

test('a line cut short by a crash is ignored', () => {
  const clock = manualClock();
  const first = new CloseSpool(directory, clock, log);
  first.add(close('a'));
  clock.forward(3_600_000);
  appendFileSync(join(directory, 'closes.spool'), '{"sequence":"99","conn');
  expect(ids(new CloseSpool(directory, clock, log))).toEqual(['a']);
});

test('a directory that is gone: nothing throws, closes stay in memory and reach the disk when it is back', () => {
  const clock = manualClock();
  const spool = new CloseSpool(directory, clock, log);
  rmSync(directory, { recursive: true });
  // More than one reservation.
  for (let i = 0; i < 10_050; i++) spool.add(close(`c${i}`));
  expect(spool.size).toBe(10_050);
  for (let i = 0; i < 3; i++) clock.forward(3_600_000);
  mkdirSync(directory);
  clock.forward(3_600_000);
  spool.acknowledge(10_000n);
  // Killed here.
  const second = new CloseSpool(directory, manualClock(), log);
  expect(second.size).toBe(10_050);
  expect(second.add(close('d')).sequence).toBeGreaterThan(10_050n);
});

test('a reservation is renewed before it runs out', () => {
  const clock = manualClock();
  const spool = new CloseSpool(directory, clock, log);
  const reserved = () => Number((JSON.parse(file().split('\n')[0]!) as { reserved: string }).reserved);
  const before = reserved();
  for (let i = 0; i < 6_000; i++) spool.acknowledge(spool.add(close('a')).sequence);
  clock.forward(3_600_000);
  expect(reserved()).toBe(before + 6_000);
  spool.close();
});

test('after a write that failed the file is written anew', () => {
  const clock = manualClock();
  const spool = new CloseSpool(directory, clock, log);
  const path = join(directory, 'closes.spool');
  const target = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  };
  closeSync(Number(readdirSync('/proc/self/fd').find((fd) => target(fd) === path)!));
  spool.add(close('a'));
  // What a write leaves that ran out of space.
  appendFileSync(path, '{"sequence":"99","conn');
  for (let i = 0; i < 3; i++) clock.forward(3_600_000);
  spool.add(close('b'));
  clock.forward(3_600_000);
  expect(file()).not.toContain('"99"');
  expect(ids(new CloseSpool(directory, manualClock(), log))).toEqual(['a', 'b']);
  spool.close();
});

test('the file is for its owner only', () => {
  new CloseSpool(directory, manualClock(), log).close();
  expect(statSync(join(directory, 'closes.spool')).mode & 0o777).toBe(0o600);
});

describe('processes of one worker that overlap', () => {
  const spool = (bootId?: string) => new CloseSpool(directory, manualClock(), log, bootId);
  const left = (one: CloseSpool, ...connections: string[]) => {
    for (const id of connections) one.add(close(id));
    one.close();
  };

  test('each has its own file; what one leaves is taken over once, numbered anew', () => {
    const former = spool();
    former.add(close('a'));
    const next = spool('B2');
    expect(ids(next)).toEqual([]);
    former.stayBesideOthers('B1');
    left(former, 'b');
    expect(readdirSync(directory).sort()).toEqual(['closes-B1.spool', 'closes-B2.spool']);
    const own = next.add(close('c')).sequence;
    const taken = next.adopt('B1');
    expect(taken.map((item) => item.connection_id)).toEqual(['a', 'b']);
    expect(taken.every(({ sequence }) => sequence > own)).toBe(true);
    expect(next.adopt('B1')).toEqual([]);
    expect(readdirSync(directory)).toEqual(['closes-B2.spool']);
  });

  test('the next ordinary start takes over from all; nothing stays of one that is settled', () => {
    left(spool('B2'), 'a');
    left(spool('B3'), 'b');
    left(spool('B4'));
    // Of one that was killed while it wrote.
    appendFileSync(join(directory, 'closes-B5.spool.4711.new'), '{');
    const last = spool();
    expect(ids(last).sort()).toEqual(['a', 'b']);
    expect(readdirSync(directory)).toEqual(['closes.spool']);
    expect(ids(spool()).sort()).toEqual(['a', 'b']);
  });
});

test('what no controller acknowledges is bounded, in memory and on disk', () => {
  const clock = manualClock();
  const spool = new CloseSpool(directory, clock, log);
  for (let i = 0; i < 50_010; i++) spool.add(close(`c ${i}`));
  expect([spool.size, ids(spool)[0]]).toEqual([50_000, 'c 10']);
  clock.forward(3_600_000);
  for (let i = 0; i < 3; i++) {
    for (let n = 0; n < 50_000; n++) spool.add(close(`more ${n}`));
    clock.forward(3_600_000);
  }
  expect(file().split('\n').length).toBeLessThanOrEqual(5_000 + 3 * 50_000 + 2);
  spool.close();
  const next = new CloseSpool(directory, clock, log);
  expect(next.size).toBe(50_000);
  next.close();
}, 60_000);
