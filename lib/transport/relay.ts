/**
 * Carries bytes between a local TCP socket and a session transport, the same way at the client and
 * at the worker. Each direction ends on its own: the end of the local socket becomes FIN, FIN
 * becomes the end of the local socket, resets become RST. Over when both directions have ended or
 * something broke; `done` is then called once.
 */
import type { Clock } from '../clock/clock';
import { FrameType, ProtocolError } from './frames';
import { errorBehindEnd, reset, type LocalStream } from './local-stream';
import { Reader } from './reader';
import type { Owner } from './slabs';
import { CUT_LINGER_MS, type SessionTransport, type TransportEnd, type TransportHandler } from './transport';
import { WriteQueue } from './write-queue';

/** Between looks at a local socket that is not read because the peer takes nothing more. */
const PROBE_MS = 10_000;
const NOTHING = Buffer.alloc(0);

export interface RelayEnd {
  /** Who began the end: the local socket, the peer of the transport, or a limit set here. */
  by: 'local' | 'peer' | 'limit';
  cause: 'fin' | 'rst' | 'lost' | 'idle timeout' | 'protocol error';
  /** Error text of the operating system, or what was wrong with the protocol. */
  error?: string | undefined;
}

export interface RelayOptions {
  clock: Clock;
  /**
   * A connection with one direction ended and no bytes for this long is closed. Absent: no limit.
   */
  halfClosedIdleMs?: number | undefined;
  /** Control frames other than FIN and RST. */
  control?: ((type: FrameType, payload: Buffer) => void) | undefined;
  done(end: RelayEnd): void;
}

export class Relay implements TransportHandler {
  /** Called with the first payload byte from the local socket. */
  onFirstByte: (() => void) | undefined;

  private first: RelayEnd | undefined;
  private isDone = false;
  private finSent = false;
  private localFinished = false;
  private finReceived = false;
  private readonly queue: WriteQueue;
  private reader: Reader | undefined;
  private stopWatching: (() => void) | undefined;
  private stopProbing: (() => void) | undefined;

  constructor(
    private readonly local: LocalStream,
    private readonly transport: SessionTransport,
    private readonly options: RelayOptions,
  ) {
    this.queue = new WriteQueue(local, () => this.transport.resume());
  }

  /** Payload bytes that the kernel took towards the peer of the transport. */
  get sent(): number {
    return this.transport.taken;
  }

  /** Payload bytes that the kernel took towards the local socket. */
  get received(): number {
    return this.queue.taken;
  }

  /** Takes over the transport's events. The local socket must be connected and allow half-open. */
  start(): void {
    const { local, transport } = this;
    transport.handler = this;
    local.on('end', () => this.localEnded());
    local.on('finish', () => {
      this.localFinished = true;
      this.settle();
    });
    local.on('error', (error: NodeJS.ErrnoException) => this.localBroke(error));
    local.on('close', () => {
      if (!local.readableEnded || !this.localFinished) this.localBroke(undefined);
    });
    if (local.destroyed) return this.localBroke(undefined);
    this.reader = new Reader(local, transport.headerBytes, (chunk, owner) => this.fromLocal(chunk, owner));
    this.stopProbing = this.options.clock.every(PROBE_MS, () => this.probe());
    local.resume();
  }

  /**
   * Stops at once without calling `done`; the local socket is reset. The transport is left to the
   * caller.
   */
  abort(): void {
    this.isDone = true;
    this.stopTimers();
    this.queue.seal();
    reset(this.local);
  }

  /** False: the transport was paused until the local socket has taken more. */
  data(chunk: Buffer, owner: Owner): boolean {
    if (this.isDone) return true;
    if (this.finReceived) throw new ProtocolError('DATA after FIN');
    const hasRoom = this.queue.write(chunk, owner);
    if (!hasRoom) this.transport.pause();
    return hasRoom;
  }

  control(type: FrameType, payload: Buffer): void {
    if (this.isDone) return;
    if (type === FrameType.fin) return this.peerEnded();
    if (type === FrameType.rst) return this.finish({ by: 'peer', cause: 'rst' });
    if (!this.options.control) throw new ProtocolError(`unexpected frame of type ${type}`);
    this.options.control(type, payload);
  }

  drain(): void {
    this.local.resume();
  }

  closed(end: TransportEnd): void {
    // Everything has crossed; a slow local reader may still take its time.
    if (end.kind === 'closed' && this.finSent && this.finReceived) return;
    if (end.kind === 'protocol') this.finish({ by: 'peer', cause: 'protocol error', error: end.error.message });
    else this.finish({ by: 'peer', cause: 'lost', error: end.kind === 'closed' ? errnoOf(end.error) : undefined });
  }

  private fromLocal(chunk: Buffer, owner: Owner): void {
    if (this.isDone) return;
    if (this.onFirstByte) {
      this.onFirstByte();
      this.onFirstByte = undefined;
    }
    if (!this.transport.sendData(chunk, owner)) this.local.pause();
  }

  private localEnded(): void {
    if (this.isDone) return;
    const error = errorBehindEnd(this.local);
    if (error) return this.localBroke(error);
    this.begin({ by: 'local', cause: 'fin' });
    this.transport.send(FrameType.fin, undefined, () => {
      this.finSent = true;
      this.settle();
    });
  }

  private peerEnded(): void {
    if (this.finReceived) throw new ProtocolError('FIN twice');
    this.finReceived = true;
    this.begin({ by: 'peer', cause: 'fin' });
    // Without half-close the peer takes nothing more: over as soon as the local socket has all bytes.
    if (!this.transport.hasHalfClose) this.finSent = true;
    this.queue.end();
    this.settle();
  }

  private localBroke(error: NodeJS.ErrnoException | undefined): void {
    if (this.isDone) return;
    this.transport.send(FrameType.rst);
    this.finish({ by: 'local', cause: error?.code === 'ETIMEDOUT' ? 'lost' : 'rst', error: errnoOf(error) });
  }

  /** The first end tells who closed the connection. */
  private begin(end: RelayEnd): void {
    if (this.first) return;
    this.first = end;
    const limit = this.options.halfClosedIdleMs;
    if (limit === undefined) return;
    let seen = -1;
    this.stopWatching = this.options.clock.every(limit, () => {
      const moved = this.sent + this.received;
      if (moved === seen) this.finish({ by: 'limit', cause: 'idle timeout' });
      seen = moved;
    });
  }

  private isWhole(): boolean {
    return this.finSent && this.finReceived && this.localFinished;
  }

  private settle(): void {
    if (this.isWhole() && this.first) this.finish(this.first);
  }

  /**
   * While reading is paused nobody sees that the local socket was reset, and a stalled connection
   * would outlive its owner. A write of no bytes sends nothing, and fails when the socket is gone.
   */
  private probe(): void {
    const { local } = this;
    this.reader?.rest();
    if (local.isPaused() && !local.writableEnded && this.queue.length === 0) local.write(NOTHING);
  }

  private stopTimers(): void {
    this.stopWatching?.();
    this.stopProbing?.();
  }

  /**
   * Reads what nobody wants for a moment: closing with bytes unread would reset the connection
   * under the last ones sent.
   */
  private discardRest(): void {
    const { local } = this;
    const cancel = this.options.clock.after(CUT_LINGER_MS, () => local.destroy());
    local.once('close', cancel).once('end', () => local.destroy());
    local.resume();
  }

  /** What came before the reset is handed to the kernel first, as far as that takes it at once. */
  private resetLocal(): void {
    this.queue.flush();
    this.queue.seal();
    reset(this.local);
  }

  private finish(end: RelayEnd): void {
    if (this.isDone) return;
    this.isDone = true;
    this.stopTimers();
    if (end.cause !== 'fin') this.resetLocal();
    else if (!this.local.readableEnded) this.discardRest();
    this.options.done(end);
  }
}

const errnoOf = (error: NodeJS.ErrnoException | undefined): string | undefined => error?.code ?? error?.message;
