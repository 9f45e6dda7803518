/**
 * Counts the streams of a gRPC port below gRPC. Each takes its room before a handler sees it. What
 * it sends is counted as it comes. A message and its answer each have a deadline. gRPC itself keeps
 * a message until it is complete.
 */
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { Intake, REFUSED, type Intaken } from './intake';
import { MessageMeter } from './message-meter';
import { REQUEST_BASE_BYTES, type Held, type Peer, type PortShares } from './port-shares';

export interface StreamsOptions {
  shares: PortShares;
  /** Most that a request of somebody unknown may have, bytes. */
  strangersMax: () => number;
  /** The caller, by the headers. Default: the peer of the connection. */
  factsOf?:
    ((peer: Peer, headers: IncomingHttpHeaders) => { address?: string; holder?: string | undefined }) | undefined;
  /** Looks up who sent the headers; absent: nobody can tell. */
  vouch?: ((headers: IncomingHttpHeaders) => Promise<string | undefined>) | undefined;
  /** Whether the method takes a stream of messages. */
  isStreaming: (path: string) => boolean;
  /** Text of a refusal, with the key of the limit. */
  textOf: (refused: Exclude<Intaken, 'taken'>) => string;
  timeouts: () => StreamTimeouts;
  /** Called for each stream and connection that is refused or cut. */
  refused: (reason: string) => void;
}

/** All ms. */
export interface StreamTimeouts {
  /**
   * The time from the connection to its first stream, for peers that have not proven who they are.
   */
  first: number;
  /** From a message's first byte, or the beginning of its stream, to its last byte. */
  message: number;
  /** The time that the peer has to read what is sent, while nothing moves. */
  answer: number;
  /** How often answers are looked at. */
  check: number;
}

/**
 * The header that names the stream to the handler of its call. It is set here, whatever the peer
 * sends.
 */
export const STREAM_HEADER = 'sallyport-stream';

/** What a message costs beside its bytes while it waits for its handler. */
const MESSAGE_OVERHEAD_BYTES = 512;
/** gRPC status `RESOURCE_EXHAUSTED`. */
const RESOURCE_EXHAUSTED = 8;

export class Http2Streams {
  private readonly streams = new Map<string, CountedStream>();
  private readonly sweep: NodeJS.Timeout;
  private next = 0;

  /** Handles the streams before the listeners that `server` has. */
  constructor(
    server: Http2Server,
    private readonly options: StreamsOptions,
  ) {
    server.updateSettings({ maxHeaderListSize: REQUEST_BASE_BYTES });
    const serve = server.listeners('stream') as ((...event: unknown[]) => void)[];
    server.removeAllListeners('stream');
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...more: unknown[]) => {
      if (this.open(stream, headers)) for (const listener of serve) listener.call(server, stream, headers, ...more);
    });
    server.on('session', (session: ServerHttp2Session) => this.expectStream(session));
    this.sweep = setInterval(() => this.closeUnread(), options.timeouts().check).unref();
  }

  /** The held bytes of the call that {@link STREAM_HEADER} names. */
  find(id: string): Held | undefined {
    return this.streams.get(id)?.held;
  }

  close(): void {
    clearInterval(this.sweep);
  }

  /** False when the stream was refused. */
  private open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    // When a peer resets a stream in the packet that opens it, Node reports the stream after it has
    // been destroyed.
    const isGone = stream.destroyed || stream.closed;
    const peer = isGone ? undefined : stream.session && this.options.shares.peerOf(stream.session.socket);
    if (peer === undefined) {
      stream.on('error', () => undefined);
      if (!isGone) setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      return false;
    }
    const cut = (): void => {
      this.options.refused('gave way to others');
      refuse(stream, this.options.textOf('no room'));
    };
    const held = peer.open({ ...this.options.factsOf?.(peer, headers), drop: cut });
    if (typeof held === 'string') {
      this.options.refused(REFUSED['no room']);
      stream.on('error', () => undefined);
      refuse(stream, this.options.textOf('no room'));
      return false;
    }
    const id = String(this.next++);
    headers[STREAM_HEADER] = id;
    this.streams.set(id, new CountedStream(stream, headers, held, this.options));
    stream.once('close', () => {
      this.streams.delete(id);
      held.release();
    });
    return true;
  }

  private expectStream(session: ServerHttp2Session): void {
    const late = (): void => {
      const peer = session.destroyed ? undefined : this.options.shares.peerOf(session.socket);
      if (peer === undefined || peer.holder !== undefined || peer.openRequests > 0) return;
      this.options.refused('no request');
      session.destroy();
    };
    const timer = setTimeout(late, this.options.timeouts().first);
    session.once('stream', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  }

  private closeUnread(): void {
    const { answer, check } = this.options.timeouts();
    for (const stream of this.streams.values()) stream.look(Math.ceil(answer / check));
  }
}

/**
 * Ends a stream with the status and text, or, when its answer has begun, with the error code that
 * stands for them. It does so in a later turn: Node must not send a reset while it is still reading
 * frames of the connection.
 */
function refuse(stream: ServerHttp2Stream, text: string): void {
  stream.removeAllListeners('data').pause();
  setImmediate(() => {
    end(stream, text);
    stream.resume();
  });
}

function end(stream: ServerHttp2Stream, text: string): void {
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) return stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  const trailers = { 'grpc-status': RESOURCE_EXHAUSTED, 'grpc-message': encodeURI(text) };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto', ...trailers }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

class CountedStream {
  private readonly intake: Intake;
  private readonly meter = new MessageMeter();
  private readonly isStreaming: boolean;
  private deadline: NodeJS.Timeout | undefined;
  /**
   * The bytes that waited to be read at the last look, and the number of looks since they changed.
   */
  private unread = 0;
  private looks = 0;
  private isRefused = false;

  constructor(
    private readonly stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    readonly held: Held,
    private readonly options: StreamsOptions,
  ) {
    const { vouch, strangersMax } = options;
    this.intake = new Intake(held, { strangersMax, vouch: vouch && (() => vouch(headers)) });
    this.isStreaming = options.isStreaming(headers[':path'] ?? '');
    this.expectMessage();
    stream.on('data', (chunk: Buffer) => this.receive(chunk));
    stream.once('end', () => clearTimeout(this.deadline)).once('close', () => clearTimeout(this.deadline));
    stream.once('finish', () => this.endRequest());
  }

  /** Closes the stream when what was sent has not moved for a number of looks. */
  look(most: number): void {
    const { writableLength } = this.stream;
    this.looks = writableLength > 0 && writableLength === this.unread ? this.looks + 1 : 0;
    this.unread = writableLength;
    if (this.looks < most) return;
    this.options.refused('answer not read');
    this.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /**
   * A peer that has the whole answer has nothing more to send. The trailers may still be on their
   * way.
   */
  private endRequest(): void {
    if (this.stream.readableEnded) return;
    const timer = setTimeout(() => this.stream.close(constants.NGHTTP2_NO_ERROR), this.options.timeouts().check);
    this.stream.once('close', () => clearTimeout(timer));
  }

  private receive(chunk: Buffer): void {
    if (this.isRefused || this.stream.closed) return;
    const taken = this.intake.take(this.countedOf(chunk), this.meter.announced);
    if (typeof taken === 'string') return this.settle(taken);
    this.stream.pause();
    taken.then(
      (settled) => {
        this.settle(settled);
        if (settled === 'taken') this.stream.resume();
      },
      () => this.settle('no room'),
    );
  }

  /**
   * The part of the chunk that is kept: all of it, or the last message in it for a stream of
   * messages.
   */
  private countedOf(chunk: Buffer): number {
    const wasUnderWay = this.meter.isUnderWay;
    const { ofLast, ended } = this.meter.push(chunk);
    const overhead = ended * MESSAGE_OVERHEAD_BYTES;
    if (!this.isStreaming) return chunk.length + overhead;
    if (ofLast < chunk.length || !wasUnderWay) this.intake.restart();
    if (ended > 0) clearTimeout(this.deadline);
    if (this.meter.isUnderWay && (ended > 0 || !wasUnderWay)) this.expectMessage();
    return ofLast + overhead;
  }

  private settle(taken: Intaken): void {
    if (taken === 'taken' || this.isRefused) return;
    this.isRefused = true;
    // Nothing of the stream is kept any more, so others may have its room at once.
    this.held.release();
    this.options.refused(REFUSED[taken]);
    refuse(this.stream, this.options.textOf(taken));
  }

  private expectMessage(): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      this.options.refused('half-sent message');
      this.stream.close(constants.NGHTTP2_CANCEL);
    }, this.options.timeouts().message);
  }
}
