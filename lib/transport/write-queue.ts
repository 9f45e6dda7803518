/**
 * What goes out of a socket: the writes of one turn of the event loop leave together, bytes that
 * lie side by side as one write, and what the kernel took is counted. Measured on a 2-core x86-64
 * machine: 15-25 % less CPU per byte than writing chunk by chunk.
 */
import type { Duplex } from 'node:stream';
import { UNPOOLED, type Owner } from './slabs';

/** Queued bytes at which a writer should pause. Measured: 16 KiB halves the throughput. */
export const HIGH_WATER_BYTES = 64 * 1024;

/** Writes that have ended are forgotten this many at a time. */
const MAX_ENDED = 32;

export const writeCounts = {
  /** Writes that were handed to sockets. */
  writes: 0,
};

/** A write under way. */
interface Write {
  size: number;
  counted: number;
  owner: Owner;
  written: (() => void) | undefined;
}

export class WriteQueue {
  private takenBytes = 0;
  /** In the order in which they end. */
  private readonly writes: Write[] = [];
  private ended = 0;
  /** Of those that have not ended, the last ones: they were refused. */
  private failed = 0;
  /** Bytes side by side that are still to be handed over. */
  private open: Owner | undefined;
  private openBytes: Buffer = NOTHING;
  private openLength = 0;
  private openCounted = 0;
  private isCorked = false;
  private isScheduled = false;
  private isFull = false;
  private isSealed = false;

  /** `drained` is called once there is room again after write() said that there is none. */
  constructor(
    private readonly socket: Duplex,
    private readonly drained: () => void,
  ) {
    // Node tells of writes that were cut off in another order than the one in which they were made.
    socket.once('close', () => this.dropAll());
  }

  /** Bytes counted at write() that the kernel has taken. */
  get taken(): number {
    return this.takenBytes;
  }

  /** Bytes that the kernel has not taken. */
  get length(): number {
    return this.socket.writableLength + this.openLength;
  }

  /** Queues `bytes`, of which `counted` count. False: there should be no more before `drained`. */
  write(bytes: Buffer, owner: Owner = UNPOOLED, counted = bytes.length): boolean {
    this.schedule();
    if (this.open && this.open === owner && isBehind(bytes, this.openBytes, this.openLength)) {
      this.openLength += bytes.length;
      this.openCounted += counted;
    } else {
      this.handOver();
      this.begin(bytes, owner, counted);
    }
    if (this.openLength >= HIGH_WATER_BYTES) this.flush();
    if (this.length >= HIGH_WATER_BYTES) this.isFull = true;
    return !this.isFull;
  }

  /** Queues bytes that do not count; `written` is called when the kernel has them. */
  send(bytes: Uint8Array, written?: () => void): void {
    this.handOver();
    this.schedule();
    this.cork();
    this.toSocket(bytes, { size: bytes.length, counted: 0, owner: UNPOOLED, written });
  }

  /** Hands over what the turn has gathered so far. */
  readonly flush = (): void => {
    this.handOver(true);
    if (!this.isCorked) return;
    this.isCorked = false;
    this.socket.uncork();
  };

  /** After all that is queued. */
  end(ended?: () => void): void {
    this.flush();
    this.socket.end(ended);
  }

  /**
   * To be called before the socket is destroyed: of a write that is cut off, Node says the same as
   * of one that the kernel took. From here on nothing is counted any more.
   */
  seal(): void {
    if (this.isSealed) return;
    this.isSealed = true;
    const writes = this.writes.slice(this.ended);
    // What was refused is not in the socket's length any more.
    const accepted = writes.slice(0, writes.length - this.failed);
    let left = accepted.reduce((sum, { size }) => sum + size, 0) - this.socket.writableLength;
    for (const { size, counted } of accepted) {
      left -= size;
      if (left < 0) return;
      this.takenBytes += counted;
    }
  }

  private begin(bytes: Buffer, owner: Owner, counted: number): void {
    owner.hold();
    this.open = owner;
    this.openBytes = bytes;
    this.openLength = bytes.length;
    this.openCounted = counted;
    // Nothing can lie behind bytes that have no slab.
    if (!owner.hasRoom) this.handOver();
  }

  private handOver(isLast = false): void {
    const { open: owner, openBytes, openLength: size, openCounted: counted } = this;
    if (!owner) return;
    if (!isLast) this.cork();
    this.open = undefined;
    this.openBytes = NOTHING;
    this.openLength = 0;
    this.toSocket(whole(openBytes, size), { size, counted, owner, written: undefined });
  }

  private toSocket(bytes: Uint8Array, write: Write): void {
    writeCounts.writes++;
    this.writes.push(write);
    this.socket.write(bytes, this.written);
  }

  private readonly written = (error?: Error | null): void => {
    if (error) this.failed++;
    const write = this.writes[this.ended];
    if (error || !write || (this.socket.destroyed && !this.isSealed)) return;
    this.ended++;
    if (!this.isSealed) this.takenBytes += write.counted;
    write.owner.release();
    write.written?.();
    this.forgetEnded();
    this.lookForRoom();
  };

  private forgetEnded(): void {
    if (this.ended < this.writes.length && this.ended < MAX_ENDED) return;
    this.writes.splice(0, this.ended);
    this.ended = 0;
  }

  private lookForRoom(): void {
    if (!this.isFull || this.length >= HIGH_WATER_BYTES) return;
    this.isFull = false;
    this.drained();
  }

  private cork(): void {
    if (this.isCorked) return;
    this.isCorked = true;
    this.socket.cork();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    // Not nextTick: that runs after every single read callback of the poll phase.
    setImmediate(this.turnOver);
  }

  private readonly turnOver = (): void => {
    this.isScheduled = false;
    this.flush();
  };

  private dropAll(): void {
    this.isSealed = true;
    this.open?.release();
    this.open = undefined;
    this.openLength = 0;
    const left = this.writes.splice(0).slice(this.ended);
    this.ended = 0;
    for (const { owner } of left) owner.release();
  }
}

const NOTHING = Buffer.alloc(0);

const isBehind = (bytes: Buffer, open: Buffer, length: number): boolean =>
  bytes.byteOffset === open.byteOffset + length;

/** `length` bytes from where `bytes` starts. */
const whole = (bytes: Buffer, length: number): Buffer =>
  length === bytes.length ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, length);
