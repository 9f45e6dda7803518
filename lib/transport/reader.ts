/**
 * Reads a socket into slabs, and hands on each read as it comes, paused or not: a TLS socket has
 * decrypted some bytes when it is told to pause.
 *
 * Node asks for the next buffer right behind a read, so that a buffer of its own would stay with
 * each idle socket. All sockets of a process read into one landing place instead, and what came is
 * copied to a slab. Only a socket whose read was as long as a read can be has more to come: its
 * next read goes to a slab of its own, without a copy. A read that is shorter brings it back to the
 * landing place, and so does a look at the clock of its owner.
 *
 * Where the socket is none of Node's, or Node is another one than we know, its 'data' is handed on.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Slab, SLAB_BYTES, UNPOOLED, type Owner } from './slabs';

/** Node hands on what it has decrypted in pieces of at most this. */
const TLS_READ_BYTES = 16 * 1024;
/** A socket that was brought back from its slab this often stays with the landing place. */
const MAX_RESTS = 1_000;

const landing = Buffer.allocUnsafeSlow(SLAB_BYTES);

export const readCounts = {
  /** Reads that were handed on. */
  reads: 0,
  /** Of these, reads in buffers that Node allocated. */
  unpooled: 0,
  /** Bytes copied from the landing place. */
  copied: 0,
};

/** What Node's option `onread` sets; accepted sockets cannot have it by any documented way. */
interface Internals {
  buffer: symbol;
  nextBuffer: symbol;
  callback: symbol;
}

interface ReadHandle {
  useUserBuffer?(buffer: Buffer): void;
}

/** Undefined: this Node does not have what is needed. */
function findInternals(): Internals | undefined {
  const probe = new Socket();
  const find = (name: string) => Object.getOwnPropertySymbols(probe).find(({ description }) => description === name);
  const [buffer, nextBuffer, callback] = [find('kBuffer'), find('kBufferGen'), find('kBufferCb')];
  probe.destroy();
  return buffer && nextBuffer && callback ? { buffer, nextBuffer, callback } : undefined;
}

const internals = findInternals();

/** Bytes of `chunk` stay valid until its owner is released. */
export type Deliver = (chunk: Buffer, owner: Owner) => void;

export class Reader {
  /** What the next read goes to; undefined: the landing place. */
  private target: Slab | undefined;
  private targetStart = 0;
  /** What the last read left room in, as long as somebody holds it. */
  private last: Slab | undefined;
  private lastGeneration = 0;
  private lastEnd = 0;
  /** The longest read. */
  private readonly longest: number;
  private readonly landing: Buffer;
  private isClosed = false;
  private readsSeen = -1;
  private reads = 0;
  private rests = 0;

  /** `room`: bytes in front of each read that `deliver` may write to. */
  constructor(
    private readonly socket: Duplex,
    private readonly room: number,
    private readonly deliver: Deliver,
  ) {
    const free = SLAB_BYTES - room;
    this.longest = socket instanceof TLSSocket ? Math.min(TLS_READ_BYTES, free) : free;
    this.landing = landing.subarray(0, this.longest);
    this.adopt();
    // Also of an adopted socket: what was read before.
    socket.on('data', (chunk: Buffer) => {
      readCounts.reads++;
      readCounts.unpooled++;
      deliver(chunk, UNPOOLED);
    });
  }

  /** To be called from time to time: a socket that has had nothing to read since pins no slab. */
  rest(): void {
    const isIdle = this.reads === this.readsSeen;
    this.readsSeen = this.reads;
    if (!isIdle || !this.target || this.isClosed || this.rests >= MAX_RESTS) return;
    const handle = handleOf(this.socket);
    if (!handle?.useUserBuffer) return;
    this.rests++;
    this.toLanding();
    (this.socket as unknown as Record<symbol, unknown>)[internals!.buffer] = this.landing;
    handle.useUserBuffer(this.landing);
  }

  private adopt(): void {
    const { socket } = this;
    const handle = handleOf(socket);
    if (!internals || !handle?.useUserBuffer) return;
    Object.assign(socket, {
      [internals.buffer]: this.landing,
      [internals.nextBuffer]: () => this.target?.tail(this.targetStart) ?? this.landing,
      [internals.callback]: (count: number) => this.take(count),
    });
    handle.useUserBuffer(this.landing);
    // Only then: Node may still be inside of a read that has ended the socket.
    socket.once('close', () => {
      this.isClosed = true;
      this.toLanding();
    });
  }

  /** What Node asks: true, to go on reading; pause() is how to stop. */
  private take(count: number): boolean {
    this.reads++;
    readCounts.reads++;
    const isLong = count >= this.longest;
    const slab = this.target ?? this.fromLanding(count);
    const start = this.targetStart;
    const end = start + count;
    this.target = slab;
    const chunk = count === SLAB_BYTES - start ? slab.tail(start) : slab.bytes.subarray(start, end);
    this.deliver(chunk, slab);
    if (isLong && !this.isClosed) this.goOn(slab, end);
    else this.toLanding(end);
    return true;
  }

  /** There is more: behind this read if it fits, else into another slab. */
  private goOn(slab: Slab, end: number): void {
    this.targetStart = end + this.room;
    if (this.targetStart + this.longest <= slab.bytes.length) return;
    slab.release();
    this.target = Slab.take(SLAB_BYTES);
    this.targetStart = this.room;
  }

  private toLanding(end = SLAB_BYTES): void {
    const slab = this.target;
    if (!slab) return;
    this.target = undefined;
    this.last = slab;
    this.lastGeneration = slab.generation;
    this.lastEnd = end;
    slab.release();
  }

  /**
   * Puts `count` bytes into a slab, behind earlier ones that somebody still holds if there is room.
   */
  private fromLanding(count: number): Slab {
    readCounts.copied += count;
    const { last, room } = this;
    let start = this.lastEnd + room;
    let slab = last;
    if (slab && slab.generation === this.lastGeneration && start + count <= slab.bytes.length) slab.hold();
    else {
      start = room;
      slab = Slab.take(room + count);
    }
    this.targetStart = start;
    landing.copy(slab.bytes, start, 0, count);
    return slab;
  }
}

const handleOf = (socket: Duplex): ReadHandle | null | undefined => (socket as { _handle?: ReadHandle | null })._handle;
