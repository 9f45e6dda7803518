/**
 * Buffers that are used again. A read brings bytes in a slab, a write sends them on from there, and
 * the slab goes back when the last who holds it lets go. Node would allocate a buffer for each
 * read; those count as external memory and make the engine collect all of its heap many times a
 * second.
 */

export const SLAB_BYTES = 64 * 1024;
export const SMALL_SLAB_BYTES = 4 * 1024;
/** Slabs that wait to be used again, of each size; more are left to the garbage collector. */
const MAX_FREE = 64;

/** Who has bytes to pass on. The one who hands them over holds it until the call has returned. */
export interface Owner {
  /** Bytes in front of those handed over may be written to, as far as the reader was told to. */
  readonly hasRoom: boolean;
  hold(): void;
  release(): void;
}

/** Of bytes that belong to whoever has them. */
export const UNPOOLED: Owner = { hasRoom: false, hold() {}, release() {} };

/** What a process has needed so far. */
export const slabCounts = {
  /** Slabs allocated since the start. */
  allocated: 0,
  /** Slabs that somebody holds. */
  held: 0,
};

export class Slab implements Owner {
  readonly hasRoom = true;
  readonly bytes: Buffer;
  /** Grows each time that the slab goes back. */
  generation = 0;
  private holders = 0;
  private tailStart = -1;
  private tailView: Buffer | undefined;

  private constructor(
    size: number,
    private readonly free: Slab[],
  ) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    slabCounts.allocated++;
  }

  /** One with room for `size` bytes, at most {@link SLAB_BYTES}, held by the caller. */
  static take(size: number): Slab {
    const isSmall = size <= SMALL_SLAB_BYTES;
    const free = isSmall ? smallFree : largeFree;
    const slab = free.pop() ?? new Slab(isSmall ? SMALL_SLAB_BYTES : SLAB_BYTES, free);
    slab.holders = 1;
    slabCounts.held++;
    return slab;
  }

  hold(): void {
    this.holders++;
  }

  release(): void {
    if (--this.holders > 0) return;
    this.generation++;
    slabCounts.held--;
    if (this.free.length < MAX_FREE) this.free.push(this);
  }

  /** From `start` to the end. Kept, since most readers ask for the same one again. */
  tail(start: number): Buffer {
    if (this.tailView === undefined || this.tailStart !== start) {
      this.tailView = this.bytes.subarray(start);
      this.tailStart = start;
    }
    return this.tailView;
  }
}

/** `chunk` with `count` bytes of the room in front of it. */
export const withRoom = (chunk: Buffer, count: number): Buffer =>
  Buffer.from(chunk.buffer, chunk.byteOffset - count, chunk.length + count);

const smallFree: Slab[] = [];
const largeFree: Slab[] = [];
