/**
 * Follows the messages of a gRPC stream by their frames: a flag, four bytes of length, the message.
 */

const HEAD_BYTES = 5;

export class MessageMeter {
  /** Bytes of the head of the message under way. */
  private head = 0;
  private length = 0;
  /** Bytes of the message under way, head included. */
  private seen = 0;

  /** Whether a message has begun and not ended. */
  get isUnderWay(): boolean {
    return this.seen > 0;
  }

  /** Bytes of the message under way, as announced. */
  get announced(): number {
    return this.head === HEAD_BYTES ? this.length : 0;
  }

  /**
   * Takes the next bytes of the stream; answers how many of them belong to the message that is last
   * in them.
   */
  push(chunk: Buffer): { ofLast: number; ended: number } {
    let ended = 0;
    let began = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.seen === 0) began = at;
      at += this.head < HEAD_BYTES ? this.readHead(chunk, at) : this.readBody(chunk.length - at);
      if (this.head === HEAD_BYTES && this.seen === HEAD_BYTES + this.length) {
        ended++;
        this.head = this.length = this.seen = 0;
      }
    }
    return { ofLast: chunk.length - began, ended };
  }

  private readHead(chunk: Buffer, at: number): number {
    if (this.head > 0) this.length = this.length * 256 + chunk[at]!;
    this.head++;
    this.seen++;
    return 1;
  }

  private readBody(available: number): number {
    const read = Math.min(available, HEAD_BYTES + this.length - this.seen);
    this.seen += read;
    return read;
  }
}
