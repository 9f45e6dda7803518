/**
 * One end of a WebSocket over a connected socket, after the upgrade: binary bytes both ways, back-
 * pressure, pings, and the closing handshake. States: open → closing (one Close frame has crossed)
 * → closed. A Close frame ends both directions; there is no half-close.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock/clock';
import { Reader } from './reader';
import { UNPOOLED, type Owner } from './slabs';
import { CUT_LINGER_MS, KEEPALIVE_MS, MAX_PONG_BACKLOG_BYTES } from './transport';
import { WriteQueue } from './write-queue';
import {
  decodeClose,
  encodeClose,
  encodeInPlace,
  encodeWebSocketFrame,
  Opcode,
  WebSocketDecoder,
  WebSocketError,
  type WebSocketSink,
} from './websocket-frames';

const NO_BYTES = Buffer.alloc(0);

export interface WebSocketEvents {
  /** Bytes of a binary message. May throw {@link WebSocketError}. */
  chunk(chunk: Buffer, owner: Owner): void;
  messageEnd(): void;
  /** What was queued is written: go on after send() returned false. */
  drain(): void;
  /** The peer's Close frame, before any of ours; answer it with close(). */
  closing(code: number, reason: string): void;
  /** The peer has answered our Close, or never will. */
  answered(): void;
  /** Broken or dropped before any Close frame. */
  lost(error: Error | undefined): void;
}

export interface WebSocketChannelOptions {
  clock: Clock;
  /** Clients mask, servers do not. */
  role: 'client' | 'server';
  keepaliveMs?: number | undefined;
}

export class WebSocketChannel implements WebSocketSink {
  private readonly decoder: WebSocketDecoder;
  private readonly queue: WriteQueue;
  private reader: Reader | undefined;
  private readonly masks: boolean;
  private readonly stopKeepalive: () => void;
  private closeSent = false;
  private closeReceived = false;
  private isOver = false;
  private isFlushed = false;
  private isNotified = false;
  private readonly flushWaiters: (() => void)[] = [];
  private error: Error | undefined;

  constructor(
    private readonly socket: Duplex,
    private readonly events: WebSocketEvents,
    private readonly options: WebSocketChannelOptions,
  ) {
    this.masks = options.role === 'client';
    this.decoder = new WebSocketDecoder(this, !this.masks);
    this.queue = new WriteQueue(socket, () => events.drain());
    this.stopKeepalive = options.clock.every(options.keepaliveMs ?? KEEPALIVE_MS, () => this.keepalive());
    socket.on('error', (error) => (this.error ??= error));
    socket.on('end', () => this.ended());
    socket.on('close', () => this.over());
  }

  /** Begins to read; `head` is what came with the upgrade. */
  start(head: Buffer): void {
    if (this.socket.destroyed) return this.over();
    this.reader = new Reader(this.socket, 0, (chunk, owner) => this.receive(chunk, owner));
    if (head.length > 0) this.receive(head);
  }

  /** True once no more can be sent. */
  get isClosing(): boolean {
    return this.closeSent || this.closeReceived || this.isOver;
  }

  /** Bytes of send() that the kernel took. */
  get taken(): number {
    return this.queue.taken;
  }

  /** Queues bytes as one message. False: wait for drain(). */
  send(chunk: Buffer, owner: Owner = UNPOOLED): boolean {
    if (this.isClosing) return true;
    const frame = owner.hasRoom
      ? encodeInPlace(chunk, this.masks)
      : encodeWebSocketFrame(Opcode.binary, chunk, this.masks);
    return this.queue.write(frame, owner, chunk.length);
  }

  /** The same for a message that does not count. */
  sendMessage(message: Uint8Array): void {
    if (!this.isClosing) this.queue.send(encodeWebSocketFrame(Opcode.binary, message, this.masks));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /**
   * Sends Close, unless one was sent, and ends once the peer has answered, or after `lingerMs`.
   * `flushed` is called once, when the kernel has the frame or the socket broke.
   */
  close(code: number, reason: string, lingerMs = CUT_LINGER_MS, flushed?: () => void): void {
    if (flushed) this.whenFlushed(flushed);
    if (this.isOver || this.closeSent) return;
    this.closeSent = true;
    this.destroyAfter(lingerMs);
    this.queue.send(encodeClose(code, reason, this.masks), () => this.flush());
    if (this.closeReceived) this.queue.end();
    this.resume();
  }

  destroy(): void {
    this.queue.seal();
    this.socket.destroy();
    this.over();
  }

  chunk(chunk: Buffer, owner: Owner): void {
    if (!this.closeReceived) this.events.chunk(chunk, owner);
  }

  messageEnd(): void {
    if (!this.closeReceived) this.events.messageEnd();
  }

  control(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.ping) return this.ping(Opcode.pong, payload);
    if (opcode !== Opcode.close || this.closeReceived) return;
    const { code, reason } = decodeClose(payload);
    this.closeReceived = true;
    if (this.closeSent) this.queue.end();
    this.notify(() => (this.closeSent ? this.events.answered() : this.events.closing(code, reason)));
  }

  private keepalive(): void {
    this.reader?.rest();
    this.ping(Opcode.ping);
  }

  private ping(opcode: number, payload: Buffer = NO_BYTES): void {
    if (this.isClosing || this.queue.length > MAX_PONG_BACKLOG_BYTES) return;
    this.queue.send(encodeWebSocketFrame(opcode, payload, this.masks));
  }

  private receive(chunk: Buffer, owner = UNPOOLED): void {
    if (this.isOver || this.closeReceived) return;
    try {
      this.decoder.push(chunk, owner);
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.fail(error);
    }
  }

  private fail(error: WebSocketError): void {
    this.closeReceived = true;
    if (this.closeSent) return this.destroy();
    this.close(error.code, error.message);
    this.notify(() => this.events.lost(error));
  }

  /** The peer sends nothing more; after a Close of either side that is regular. */
  private ended(): void {
    if (!this.closeReceived) this.notify(() => this.tellEnd());
    this.closeReceived = true;
    this.destroyAfter(CUT_LINGER_MS);
    this.queue.end();
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopKeepalive();
    this.flush();
    this.notify(() => this.tellEnd());
  }

  private tellEnd(): void {
    if (this.closeSent) this.events.answered();
    else this.events.lost(this.error);
  }

  /** One of closing, answered and lost is told, once. */
  private notify(tell: () => void): void {
    if (this.isNotified) return;
    this.isNotified = true;
    tell();
  }

  private whenFlushed(flushed: () => void): void {
    if (this.isFlushed) flushed();
    else this.flushWaiters.push(flushed);
  }

  private flush(): void {
    this.isFlushed = true;
    for (const flushed of this.flushWaiters.splice(0)) flushed();
  }

  private destroyAfter(ms: number): void {
    if (this.isOver) return;
    this.socket.once(
      'close',
      this.options.clock.after(ms, () => this.destroy()),
    );
  }
}
