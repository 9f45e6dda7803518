/**
 * Messages over a socket between processes of a worker: each behind its length, 4 bytes, big
 * endian.
 */
import type { Socket } from 'node:net';
import { limit } from '../../../lib/limits/limit';

/** Of what the processes of a worker tell each other. */
export const DATA_LINK_VERSION = 1;
const HEADER_BYTES = 4;
const MAX_MESSAGE_BYTES = limit('message between processes of a worker', 4 * 1_048_576, {
  what: 'message between the control process of a worker and one of its data processes',
  unit: 'bytes',
  reached: 'the link ends: the data process drains, and another one takes its place',
  test: 'services/worker/data/message-link.test.ts: a length beyond the limit ends the link',
});

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

export interface LinkHandler<In> {
  message(message: In): void;
  /** Once; nothing comes after it. */
  closed(): void;
}

export class MessageLink<Out, In> {
  private parts: Buffer[] = [];
  private bytes = 0;
  private isClosed = false;

  constructor(
    private readonly socket: Socket,
    private readonly codecs: { out: Codec<Out>; in: Codec<In> },
    private readonly handler: LinkHandler<In>,
  ) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed());
    // Who sends last closes; there is nothing to say to somebody who is gone.
    socket.on('end', () => socket.destroy());
  }

  /** Nothing waits to be sent. */
  get isIdle(): boolean {
    return this.socket.writableLength === 0;
  }

  send(message: Out): void {
    if (this.isClosed || this.socket.destroyed) return;
    const payload = this.codecs.out.encode(message).finish();
    const framed = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    framed.writeUInt32BE(payload.length);
    framed.set(payload, HEADER_BYTES);
    this.socket.write(framed);
  }

  /** Sends what waits, then closes. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.handler.closed();
  }

  private take(chunk: Buffer): void {
    this.parts.push(chunk);
    this.bytes += chunk.length;
    try {
      for (let message = this.next(); message !== undefined; message = this.next()) this.handler.message(message);
    } catch (error) {
      this.socket.destroy(error as Error);
    }
  }

  private next(): In | undefined {
    if (this.bytes < HEADER_BYTES || this.isClosed) return undefined;
    if (this.parts[0]!.length < HEADER_BYTES) this.parts = [Buffer.concat(this.parts)];
    const length = this.parts[0]!.readUInt32BE();
    if (length > MAX_MESSAGE_BYTES) throw new Error('a message of another process of the worker is too long');
    const end = HEADER_BYTES + length;
    if (this.bytes < end) return undefined;
    const all = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    this.parts = all.length > end ? [all.subarray(end)] : [];
    this.bytes -= end;
    return this.codecs.in.decode(all.subarray(HEADER_BYTES, end));
  }
}
