/**
 * What one request sends, chunk by chunk: counted against the room of its sender before it is kept.
 */
import type { Held } from './port-shares';

export interface IntakeOptions {
  /** Most that a request of somebody unknown may have, bytes. */
  strangersMax: () => number;
  /**
   * Looks up the sender of the request, before more than that is taken. When absent, the sender
   * cannot be known.
   */
  vouch?: (() => Promise<string | undefined>) | undefined;
}

/**
 * `stranger`: the request is larger than senders may send who have not proven who they are.
 * `no room`: too much is held at the moment.
 */
export type Intaken = 'taken' | 'stranger' | 'no room';

/** Reasons, as refusals are counted by them. */
export const REFUSED: Record<Exclude<Intaken, 'taken'>, string> = {
  stranger: 'too large for a stranger',
  'no room': 'too many bytes held',
};

/** What a chunk costs beside its bytes, so that a flood of tiny chunks costs what it holds. */
export const CHUNK_OVERHEAD_BYTES = 256;

export class Intake {
  private size = 0;
  private counted = 0;
  private vouched: Promise<Intaken> | undefined;

  constructor(
    private readonly held: Held,
    private readonly options: IntakeOptions,
  ) {}

  /**
   * Counts a chunk of a message whose sender has announced its length. With a promise for an answer
   * nothing further may be read until it has resolved.
   */
  take(bytes: number, announced = 0): Intaken | Promise<Intaken> {
    this.size += bytes;
    if (this.held.grow(bytes + CHUNK_OVERHEAD_BYTES) !== undefined) return 'no room';
    this.counted += bytes + CHUNK_OVERHEAD_BYTES;
    if (this.held.isKnown || Math.max(this.size, announced) <= this.options.strangersMax()) return 'taken';
    if (this.options.vouch === undefined) return 'stranger';
    return (this.vouched ??= this.lookUp(this.options.vouch));
  }

  /** The next message begins: gives back what the last one held. */
  restart(): void {
    this.held.grow(-this.counted);
    this.counted = 0;
    this.size = 0;
  }

  private async lookUp(vouch: () => Promise<string | undefined>): Promise<Intaken> {
    const holder = await vouch();
    if (holder === undefined) return 'stranger';
    return this.held.prove(holder) === undefined ? 'taken' : 'no room';
  }
}
