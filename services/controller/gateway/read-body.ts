/** Reads a request body of bounded size, counted as it comes. */
import type { IncomingMessage } from 'node:http';
import type { Intake, Intaken } from '../../../lib/limits/intake';
import { limit } from '../../../lib/limits/limit';

/**
 * Bytes beyond the limit that are still read and dropped, so that a client that sends everything
 * before it looks at the answer gets to see it. Beyond that the connection is closed.
 */
const MAX_DRAINED_BYTES = limit('body bytes read and dropped', 16 * 1_048_576, {
  what: 'bytes of an HTTP body beyond its limit that are read and dropped, so that the client sees the answer',
  unit: 'bytes',
  reached: 'the connection is closed',
  test: 'services/controller/gateway/gateway.test.ts: an endless one is cut',
});

/** Why there is no body: `gone` when the client left before its end. */
export type NoBody = 'too large' | 'gone' | Exclude<Intaken, 'taken'>;

export function readBody(request: IncomingMessage, limit: number, intake: Intake): Promise<Buffer | NoBody> {
  return new Promise((resolve) => new Body(request, limit, intake, resolve));
}

class Body {
  private chunks: Buffer[] = [];
  private size = 0;
  private dropped = 0;
  /** Set once the body is refused: what is left of it is dropped. */
  private refused: NoBody | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly limit: number,
    private readonly intake: Intake,
    private readonly done: (body: Buffer | NoBody) => void,
  ) {
    request.on('data', (chunk: Buffer) => this.receive(chunk));
    request.on('end', () => done(this.refused ?? Buffer.concat(this.chunks, this.size)));
    request.on('error', () => done('gone'));
    request.on('close', () => done('gone'));
  }

  private receive(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.refused === undefined && this.size > this.limit) this.refuse('too large');
    if (this.refused !== undefined) return this.drop(chunk);
    this.chunks.push(chunk);
    const taken = this.intake.take(chunk.length);
    if (typeof taken === 'string') return this.settle(taken);
    this.request.pause();
    taken.then(
      (settled) => {
        this.settle(settled);
        this.request.resume();
      },
      () => this.done('no room'),
    );
  }

  private settle(taken: Intaken): void {
    if (taken !== 'taken') this.refuse(taken);
  }

  private refuse(reason: NoBody): void {
    this.refused = reason;
    this.chunks = [];
    // When room is short, no refused body is read on.
    if (reason === 'no room') this.stop();
  }

  private drop(chunk: Buffer): void {
    this.dropped += chunk.length;
    if (this.dropped > MAX_DRAINED_BYTES) this.stop();
  }

  private stop(): void {
    this.request.pause();
    this.done(this.refused!);
  }
}
