/**
 * Closes that no controller has acknowledged yet: in memory, and on disk when they are not
 * acknowledged at once. The file has one JSON value a line: a close, `{"ack":"N"}` (all up to N are
 * stored), `{"reserved":"N"}` (no sequence up to N will be given out again). A line cut short by a
 * crash or a full disk is ignored. While the disk takes nothing, closes live in memory and writing
 * is tried again by time; nothing here throws after the construction. A file has one process:
 * `closes.spool`, or `closes-BOOT_ID.spool` while processes of a worker overlap. What a process
 * leaves that has ended is taken over by the one that is there.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../../lib/clock/clock';
import { limit } from '../../../lib/limits/limit';
import type { Logger } from '../../../lib/log/log';
import { ConnectionClosed } from '../../../proto/gen/worker/control';
import { writeAll, writeFileAtomically } from './durable-file';

/** A close acknowledged within this time never touches the disk. */
const FLUSH_DELAY_MS = 50;
/** After the disk refused. */
const RETRY_DELAY_MS = 1_000;
/**
 * Sequences reserved with one write, anew when half are used. A restart skips what is left of them.
 */
const RESERVATION = 10_000n;
/**
 * After so many lines beside twice those that are needed, the file is written anew with what is
 * needed.
 */
const COMPACT_LINES = 5_000;
const MAX_CLOSES = limit('unacknowledged closes of a worker', 50_000, {
  what: 'closed connections that a worker keeps, in memory and on disk, until a controller has acknowledged them',
  unit: 'closes',
  reached: 'the oldest is dropped with a log line; controllers close that connection as `worker lost`',
  test: 'services/worker/control/close-spool.test.ts: what no controller acknowledges is bounded, in memory and on disk',
});
const FILE = 'closes.spool';
const FILE_OF_PROCESS = /^closes-[0-9A-Za-z]+\.spool$/;
/** What a process was writing when it was killed. */
const ABANDONED = /\.\d+\.new$/;

const fileOf = (bootId: string): string => `closes-${bootId}.spool`;

export class CloseSpool {
  private readonly pending_ = new Map<bigint, ConnectionClosed>();
  private readonly unwritten = new Set<bigint>();
  private path: string;
  /** Undefined while the file could not be opened again. */
  private file: number | undefined;
  /**
   * The last write failed and may have left a part of a line: the file is written anew, nothing is
   * glued to it.
   */
  private isTorn = false;
  private isClosed = false;
  private lines = 0;
  private next = 1n;
  private reserved = 0n;
  private writtenAcknowledged = 0n;
  private isFlushScheduled = false;
  private cancelFlush: () => void = () => {};
  /** Highest sequence that a controller acknowledged. */
  acknowledged = 0n;
  /** Called when all closes up to a sequence are safe: on disk, or stored at a controller. */
  onSafe: (sequence: bigint) => void = () => {};

  /**
   * Reads what earlier processes left; with the boot id of a process that starts beside others,
   * only opens a file for it. Throws the error of the system when the directory is not usable.
   */
  constructor(
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly log: Logger,
    besideOthersAs?: string,
  ) {
    this.path = join(directory, besideOthersAs === undefined ? FILE : fileOf(besideOthersAs));
    this.load(this.path);
    const names = besideOthersAs === undefined ? readdirSync(directory) : [];
    const left = names.filter((name) => FILE_OF_PROCESS.test(name));
    for (const name of left) this.take(join(directory, name));
    this.compact();
    for (const name of names) {
      if (left.includes(name) || ABANDONED.test(name)) rmSync(join(directory, name), { force: true });
    }
  }

  /** From now on this is one process among several, with a file that bears its name. */
  stayBesideOthers(bootId: string): void {
    const path = join(this.directory, fileOf(bootId));
    if (path === this.path) return;
    try {
      renameSync(this.path, path);
      this.path = path;
    } catch (error) {
      this.log.error({ err: error }, 'the spool of closed connections could not be renamed');
    }
  }

  /**
   * Takes over what a process of this worker left that has ended; answers the closes, numbered
   * anew.
   */
  adopt(bootId: string): ConnectionClosed[] {
    const path = join(this.directory, fileOf(bootId));
    try {
      const taken = this.take(path);
      if (taken.length > 0) this.compact();
      rmSync(path, { force: true });
      return taken;
    } catch (error) {
      this.log.error(
        { err: error, path },
        'the spool of an earlier process could not be taken over; the next start will',
      );
      return [];
    }
  }

  /** In the order of their sequences. */
  pending(): Iterable<ConnectionClosed> {
    return this.pending_.values();
  }

  get size(): number {
    return this.pending_.size;
  }

  /**
   * Gives the close its sequence and keeps it. Sequences go on beyond the reservation while the
   * disk takes nothing: those could be given out again only by a process that starts after a crash
   * at that time.
   */
  add(close: Omit<ConnectionClosed, 'sequence'>): ConnectionClosed {
    const numbered = { ...close, sequence: this.next++ };
    if (this.pending_.size >= MAX_CLOSES) this.dropOldest();
    this.pending_.set(numbered.sequence, numbered);
    this.unwritten.add(numbered.sequence);
    this.scheduleFlush();
    return numbered;
  }

  private dropOldest(): void {
    for (const [sequence, { connection_id }] of this.pending_) {
      this.pending_.delete(sequence);
      this.unwritten.delete(sequence);
      this.log.error({ connection_id }, 'too many closes wait for a controller: the oldest is dropped');
      return;
    }
  }

  /** All closes up to `sequence` are stored at a controller. */
  acknowledge(sequence: bigint): void {
    if (sequence > this.acknowledged) this.acknowledged = sequence;
    for (const known of this.pending_.keys()) {
      if (known > sequence) break;
      this.pending_.delete(known);
      this.unwritten.delete(known);
    }
    this.onSafe(sequence);
    if (this.lines > 1) this.scheduleFlush();
  }

  /** Writes what is left and closes the file. */
  close(): void {
    if (this.isClosed) return;
    this.cancelFlush();
    this.isClosed = true;
    this.flush();
    this.closeFile();
    if (basename(this.path) !== FILE && this.size === 0) rmSync(this.path, { force: true });
  }

  /** Closes and removes the file: another one has what stands in it. */
  discard(): void {
    if (this.isClosed) return;
    this.cancelFlush();
    this.isClosed = true;
    this.closeFile();
    rmSync(this.path, { force: true });
  }

  private scheduleFlush(delayMs = FLUSH_DELAY_MS): void {
    if (this.isFlushScheduled || this.isClosed) return;
    this.isFlushScheduled = true;
    this.cancelFlush = this.clock.after(delayMs, () => this.flush());
  }

  private flush(): void {
    this.isFlushScheduled = false;
    try {
      const isSettled = this.pending_.size === 0 && this.lines > 1;
      const isShort = this.reserved - this.next < RESERVATION / 2n;
      const isWhole = this.file !== undefined && !this.isTorn;
      if (isSettled || isShort || this.lines > COMPACT_LINES + 2 * this.pending_.size || !isWhole) this.compact();
      else this.append(this.file!);
    } catch (error) {
      // Kept in memory.
      this.log.error({ err: error }, 'the spool of closed connections cannot be written');
      this.scheduleFlush(RETRY_DELAY_MS);
    }
  }

  private closeFile(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) closeSync(file);
  }

  private append(file: number): void {
    const lines: string[] = [];
    for (const sequence of this.unwritten) {
      const close = this.pending_.get(sequence);
      if (close) lines.push(closeLine(close));
    }
    if (this.lines > 1 && this.acknowledged > this.writtenAcknowledged) {
      lines.push(JSON.stringify({ ack: String(this.acknowledged) }));
    }
    if (lines.length === 0) return;
    this.isTorn = true;
    writeAll(file, lines.map((line) => `${line}\n`).join(''));
    fsyncSync(file);
    this.isTorn = false;
    this.lines += lines.length;
    this.written();
  }

  /** Writes the file anew with a fresh reservation. */
  private compact(): void {
    const reserved = this.next + RESERVATION;
    const lines = [JSON.stringify({ reserved: String(reserved) }), ...[...this.pending()].map(closeLine)];
    writeFileAtomically(this.path, lines.map((line) => `${line}\n`).join(''));
    this.closeFile();
    this.file = openSync(this.path, 'a', 0o600);
    this.isTorn = false;
    this.reserved = reserved;
    this.lines = lines.length;
    this.written();
  }

  private written(): void {
    this.unwritten.clear();
    this.writtenAcknowledged = this.acknowledged;
    this.onSafe(this.next - 1n);
  }

  /** Adds the closes of another file. */
  private take(path: string): ConnectionClosed[] {
    return readSpool(path).closes.map((close) => this.add(close));
  }

  private load(path: string): void {
    const { closes, used } = readSpool(path);
    for (const close of closes) this.pending_.set(close.sequence, close);
    this.raise(used);
  }

  private raise(sequence: bigint): void {
    if (sequence >= this.next) this.next = sequence + 1n;
  }
}

/**
 * What a file holds that was not acknowledged, and the highest sequence that was or may have been
 * used.
 */
function readSpool(path: string): { closes: ConnectionClosed[]; used: bigint } {
  const closes: ConnectionClosed[] = [];
  let [used, acknowledged] = [0n, 0n];
  const highest = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  for (const line of readLines(path)) {
    const value = parseLine(line);
    if (value === undefined) continue;
    if (value.reserved !== undefined) used = highest(used, BigInt(value.reserved));
    else if (value.ack !== undefined) acknowledged = highest(acknowledged, BigInt(value.ack));
    else closes.push(ConnectionClosed.fromJSON(value));
  }
  for (const { sequence } of closes) used = highest(used, sequence);
  return { closes: closes.filter(({ sequence }) => sequence > acknowledged), used };
}

const closeLine = (close: ConnectionClosed): string => JSON.stringify(ConnectionClosed.toJSON(close));

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function parseLine(line: string): { reserved?: string; ack?: string } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
