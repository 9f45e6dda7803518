/**
 * One end of a session transport: frames over a connected TLS socket, keepalive, back-pressure.
 * States: open → ending (after end()) → closed; `closed` of the handler is called exactly once,
 * also after destroy().
 */
import { limit } from '../limits/limit';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock/clock';
import { encodeFrame, encodeHeader, FrameDecoder, FrameType, HEADER_BYTES, ProtocolError, writeHeader } from './frames';
import { Reader } from './reader';
import { withRoom, type Owner } from './slabs';
import { WriteQueue } from './write-queue';

/**
 * Between keepalive pings on an idle transport; well below the idle limits of common load
 * balancers.
 */
export const KEEPALIVE_MS = 30_000;
/** Pings without any answer after which the peer counts as lost. */
export const MAX_MISSED_PINGS = limit('unanswered pings', 3, {
  what: 'pings of a worker or a client, 30 s apart, that its peer does not answer',
  unit: 'pings',
  reached: 'the connection is closed; its peer counts as lost',
  test: 'test/integration/session-transport.test.ts: a client that stops answering pings is lost',
});
/** How long a transport that is cut may take to flush before it is destroyed. */
export const CUT_LINGER_MS = 1_000;
/**
 * The same after a regular end: a slow reader at the peer may still have to take what the kernel
 * holds for it.
 */
export const CLEAN_LINGER_MS = 600_000;
/**
 * No PONG is queued behind more than this: a peer that only sends pings must not fill our memory.
 */
export const MAX_PONG_BACKLOG_BYTES = 128 * 1024;

export type TransportEnd =
  /** The peer closed the TLS connection, or it broke, or end()/destroy() was called here. */
  | { kind: 'closed'; error?: Error | undefined }
  /** Too many pings stayed unanswered. */
  | { kind: 'lost' }
  | { kind: 'protocol'; error: ProtocolError };

export interface TransportHandler {
  /** Part of the payload; stays valid until `owner` is released. */
  data(chunk: Buffer, owner: Owner): void;
  /** Every control frame but PING and PONG. May throw {@link ProtocolError}. */
  control(type: FrameType, payload: Buffer): void;
  /** What was queued is written: go on after sendData() returned false. */
  drain(): void;
  closed(end: TransportEnd): void;
}

/** What a relay needs of a session transport, whatever the protocol. */
export interface SessionTransport {
  handler: TransportHandler;
  /** False: the protocol cannot end one direction alone, so that FIN of the peer ends both. */
  readonly hasHalfClose: boolean;
  /** Bytes in front of a payload that sendData() writes to, if its owner has room. */
  readonly headerBytes: number;
  /** Payload bytes of sendData() that the kernel took. */
  readonly taken: number;
  /** Queues payload. False: wait for drain() before sending more. */
  sendData(chunk: Buffer, owner: Owner): boolean;
  send(type: FrameType, payload?: Uint8Array, written?: () => void): void;
  pause(): void;
  resume(): void;
  end(lingerMs?: number, flushed?: () => void): void;
  destroy(): void;
}

export class Transport implements SessionTransport {
  readonly hasHalfClose = true;
  readonly headerBytes = HEADER_BYTES;
  private readonly decoder: FrameDecoder;
  private readonly reader: Reader;
  private readonly queue: WriteQueue;
  private readonly stopKeepalive: () => void;
  private end_: TransportEnd = { kind: 'closed' };
  private isClosed = false;
  private isPaused = false;
  private ending = false;
  private peerEnded = false;
  private missedPings = 0;

  constructor(
    private readonly socket: Duplex,
    public handler: TransportHandler,
    private readonly clock: Clock,
    keepaliveMs = KEEPALIVE_MS,
  ) {
    this.queue = new WriteQueue(socket, () => this.handler.drain());
    this.decoder = new FrameDecoder({
      // One read may hold frames behind the one at which the handler gave up: the handler has heard the end.
      data: (chunk, owner) => {
        if (!this.isClosed) this.handler.data(chunk, owner);
      },
      control: (type, payload) => {
        if (!this.isClosed) this.takeControl(type, payload);
      },
    });
    this.stopKeepalive = clock.every(keepaliveMs, () => this.keepalive());
    this.reader = new Reader(socket, 0, (chunk, owner) => this.receive(chunk, owner));
    socket.on('end', () => this.ended());
    socket.on('error', (error) => this.fail({ kind: 'closed', error }));
    socket.on('close', () => this.close());
    if (socket.destroyed) queueMicrotask(() => this.close());
  }

  get taken(): number {
    return this.queue.taken;
  }

  sendData(chunk: Buffer, owner: Owner): boolean {
    if (this.isOver) return true;
    const { length } = chunk;
    if (owner.hasRoom) {
      const frame = writeHeader(withRoom(chunk, HEADER_BYTES), FrameType.data, length);
      return this.queue.write(frame, owner, length);
    }
    this.queue.send(encodeHeader(FrameType.data, length));
    return this.queue.write(chunk, owner);
  }

  /** Queues a control frame; `written` is called once the kernel has it. */
  send(type: FrameType, payload?: Uint8Array, written?: () => void): void {
    if (this.isOver) return;
    this.queue.send(encodeFrame(type, payload), written);
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.missedPings = 0;
    this.socket.resume();
  }

  /** True once end() or destroy() was called or the peer is gone. */
  get isOver(): boolean {
    return this.isClosed || this.ending || this.peerEnded;
  }

  /**
   * Flushes what is queued and waits for the peer to close too; destroys when that takes longer
   * than `lingerMs`. `flushed` is called once, when the kernel has everything or the transport
   * broke. The handler hears nothing more.
   */
  end(lingerMs = CUT_LINGER_MS, flushed?: () => void): void {
    let isFlushed = false;
    const once = () => {
      if (!isFlushed) flushed?.();
      isFlushed = true;
    };
    if (this.isOver) return once();
    this.ending = true;
    const cancel = this.clock.after(lingerMs, () => this.destroy());
    this.handler = { ...SILENT, closed: once };
    this.socket.once('close', cancel);
    this.queue.end(once);
    // Nothing more is wanted from the peer, but its end must be read for the socket to close.
    this.resume();
  }

  /** Drops everything at once. */
  destroy(): void {
    this.queue.seal();
    this.socket.destroy();
    this.close();
  }

  /**
   * The peer's side is over. What the kernel took from us must still be counted, and destroying
   * with everything read keeps the kernel from sending an RST that would discard our last frames at
   * the peer.
   */
  private ended(): void {
    this.peerEnded = true;
    if (this.socket.writableFinished) return this.destroy();
    this.socket.once('finish', () => this.destroy());
    const cancel = this.clock.after(CUT_LINGER_MS, () => this.destroy());
    this.socket.once('close', cancel);
    this.queue.end();
  }

  private receive(chunk: Buffer, owner: Owner): void {
    this.missedPings = 0;
    if (this.isOver) return;
    try {
      this.decoder.push(chunk, owner);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.fail({ kind: 'protocol', error });
    }
  }

  private takeControl(type: FrameType, payload: Buffer): void {
    if (type === FrameType.pong) return;
    if (type !== FrameType.ping) return this.handler.control(type, payload);
    if (this.queue.length < MAX_PONG_BACKLOG_BYTES) this.send(FrameType.pong, payload);
  }

  /**
   * While reading is paused an answer cannot be seen; the ping still makes a dead peer's RST come
   * back.
   */
  private keepalive(): void {
    this.reader.rest();
    if (this.missedPings >= MAX_MISSED_PINGS) return this.fail({ kind: 'lost' });
    if (!this.isPaused) this.missedPings++;
    if (this.queue.length < MAX_PONG_BACKLOG_BYTES) this.send(FrameType.ping);
  }

  private fail(end: TransportEnd): void {
    if (!this.isClosed) this.end_ = end;
    this.destroy();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopKeepalive();
    this.handler.closed(this.end_);
  }
}

/** Hears nothing. */
export const SILENT: TransportHandler = { data() {}, control() {}, drain() {}, closed() {} };
