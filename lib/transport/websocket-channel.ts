/**
 * One end of a WebSocket over a connected socket, after the upgrade: binary bytes both ways, back-pressure, pings, and
 * the closing handshake. States: open → closing (one Close frame has crossed) → closed. A Close frame ends both
 * directions; there is no half-close.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock/clock';
import { CUT_LINGER_MS, HIGH_WATER_BYTES, KEEPALIVE_MS, MAX_PONG_BACKLOG_BYTES } from './transport';
import { TurnCork } from './turn-cork';
import {
  decodeClose,
  encodeClose,
  encodeWebSocketFrame,
  Opcode,
  WebSocketDecoder,
  WebSocketError,
  type WebSocketSink,
} from './websocket-frames';

const NO_BYTES = Buffer.alloc(0);

export interface WebSocketEvents {
  /** Bytes of a binary message. May throw {@link WebSocketError}. */
  chunk(chunk: Buffer): void;
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
  private readonly cork: TurnCork;
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
    this.cork = new TurnCork(socket);
    this.stopKeepalive = options.clock.every(options.keepaliveMs ?? KEEPALIVE_MS, () => this.ping(Opcode.ping));
    socket.on('drain', () => events.drain());
    socket.on('error', (error) => (this.error ??= error));
    socket.on('end', () => this.ended());
    socket.on('close', () => this.over());
  }

  /** Begins to read; `head` is what came with the upgrade. */
  start(head: Buffer): void {
    this.socket.on('data', (chunk: Buffer) => this.receive(chunk));
    if (this.socket.destroyed) return this.over();
    if (head.length > 0) this.receive(head);
  }

  /** True once no more can be sent. */
  get isClosing(): boolean {
    return this.closeSent || this.closeReceived || this.isOver;
  }

  /** Queues bytes as one message; `written` is called once the kernel has it. False: wait for drain(). */
  send(chunk: Uint8Array, written?: () => void): boolean {
    if (this.isClosing) return true;
    return this.write(encodeWebSocketFrame(Opcode.binary, chunk, this.masks), written);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /**
   * Sends Close, unless one was sent, and ends once the peer has answered, or after `lingerMs`. `flushed` is called once,
   * when the kernel has the frame or the socket broke.
   */
  close(code: number, reason: string, lingerMs = CUT_LINGER_MS, flushed?: () => void): void {
    if (flushed) this.whenFlushed(flushed);
    if (this.isOver || this.closeSent) return;
    this.closeSent = true;
    this.destroyAfter(lingerMs);
    this.write(encodeClose(code, reason, this.masks), () => this.flush());
    if (this.closeReceived) this.socket.end();
    this.resume();
  }

  destroy(): void {
    this.socket.destroy();
    this.over();
  }

  chunk(chunk: Buffer): void {
    if (!this.closeReceived) this.events.chunk(chunk);
  }

  messageEnd(): void {
    if (!this.closeReceived) this.events.messageEnd();
  }

  control(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.ping) return this.ping(Opcode.pong, payload);
    if (opcode !== Opcode.close || this.closeReceived) return;
    const { code, reason } = decodeClose(payload);
    this.closeReceived = true;
    if (this.closeSent) this.socket.end();
    this.notify(() => (this.closeSent ? this.events.answered() : this.events.closing(code, reason)));
  }

  private write(bytes: Buffer, written?: () => void): boolean {
    this.cork.hold();
    const flowing = this.socket.write(bytes, (error) => {
      if (!error) written?.();
    });
    return flowing || this.socket.writableLength < HIGH_WATER_BYTES;
  }

  private ping(opcode: number, payload: Buffer = NO_BYTES): void {
    if (this.isClosing || this.socket.writableLength > MAX_PONG_BACKLOG_BYTES) return;
    this.write(encodeWebSocketFrame(opcode, payload, this.masks));
  }

  private receive(chunk: Buffer): void {
    if (this.isOver || this.closeReceived) return;
    try {
      this.decoder.push(chunk);
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
    this.socket.end();
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
