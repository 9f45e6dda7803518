/**
 * Boundary's session protocol `boundary-tcp-proxy-v1`, translated to the frames of `sallyport/1`.
 * Its order is: ClientHandshake, HandshakeResult as soon as the controller has allowed the
 * connection, then bytes. A Close frame ends both directions.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../lib/clock/clock';
import type { EndWord } from '../../../lib/contract/endings';
import { TOFU_TOKEN_LENGTH } from '../../../lib/contract/session-protocol';
import { decodePayload, FrameType, ProtocolError } from '../../../lib/transport/frames';
import type { Owner } from '../../../lib/transport/slabs';
import { CLEAN_LINGER_MS, SILENT, type TransportHandler } from '../../../lib/transport/transport';
import { WebSocketChannel } from '../../../lib/transport/websocket-channel';
import { CloseCode, MAX_HEADER_BYTES, WebSocketError } from '../../../lib/transport/websocket-frames';
import { ClientCommand, ClientHandshake, HandshakeResult } from '../../../proto/gen/transport/boundary';
import { Close, Connect, ConnectError, End } from '../../../proto/gen/transport/transport';
import type { Authorization } from '../sessions/types';
import type { ServedTransport } from './sallyport-protocol';

/** Longest first message. */
const MAX_HANDSHAKE_BYTES = 32_768;
/** The endpoint was not reached. */
const SETUP_FAILED = 3000;
const NO_BYTES = Buffer.alloc(0);
/** Answers to a cancel after which the session is over, as requested. */
const OVER_CAUSES: readonly string[] = ['fin', 'canceled', 'expired', 'session ended'] satisfies EndWord[];
const DIAL_CAUSES: readonly string[] = [
  'dial refused',
  'dial timeout',
  'dial unreachable',
  'name not found',
] satisfies EndWord[];

export interface BoundaryTransportOptions {
  clock: Clock;
  /** Connections the session may make; -1 is no limit. */
  connectionLimit: number;
  /** What the client sent right behind its upgrade request. */
  head: Buffer;
  keepaliveMs?: number | undefined;
}

export class BoundaryTransport implements ServedTransport {
  readonly hasHalfClose = false;
  readonly headerBytes = MAX_HEADER_BYTES;
  private readonly channel: WebSocketChannel;
  private phase: 'handshake' | 'cancel' | 'refusable' | 'allowed' = 'handshake';
  private handshake: Buffer[] = [];
  private handshakeBytes = 0;
  /** A Close was sent for FIN; the client's answer stands for its FIN. */
  private awaitsFin = false;

  constructor(
    socket: Duplex,
    public handler: TransportHandler,
    private readonly options: BoundaryTransportOptions,
  ) {
    this.channel = new WebSocketChannel(
      socket,
      {
        chunk: (chunk, owner) => this.take(() => this.chunk(chunk, owner)),
        messageEnd: () => this.take(() => this.messageEnd()),
        drain: () => this.handler.drain(),
        closing: (code) => this.closing(code),
        answered: () => this.answered(),
        lost: (error) => this.lost(error),
      },
      { clock: options.clock, role: 'server', keepaliveMs: options.keepaliveMs },
    );
    // Starts later, so that the caller has this object when the first message comes.
    queueMicrotask(() => this.channel.start(options.head));
  }

  allowed(authorization: Authorization): void {
    const { clock, connectionLimit } = this.options;
    const result: HandshakeResult = {
      expiration: new Date(clock.now().getTime() + authorization.expiresInMs),
      connection_limit: connectionLimit,
      connections_left: authorization.connectionsLeft,
    };
    this.phase = 'allowed';
    this.channel.sendMessage(HandshakeResult.encode(result).finish());
  }

  get taken(): number {
    return this.channel.taken;
  }

  sendData(chunk: Buffer, owner: Owner): boolean {
    return this.channel.send(chunk, owner);
  }

  send(type: FrameType, payload: Uint8Array = NO_BYTES, written?: () => void): void {
    const bytes = Buffer.from(payload);
    if (type === FrameType.fin) return this.sendFin(written);
    if (type === FrameType.rst) return this.close(CloseCode.internalError, 'endpoint reset');
    if (type === FrameType.connectErr) return this.sendError(ConnectError.decode(bytes).cause);
    if (type === FrameType.close) return this.sendClose(Close.decode(bytes).cause);
  }

  pause(): void {
    this.channel.pause();
  }

  resume(): void {
    this.channel.resume();
  }

  end(lingerMs?: number, flushed?: () => void): void {
    this.handler = SILENT;
    this.channel.close(CloseCode.normal, '', lingerMs, flushed);
  }

  destroy(): void {
    this.channel.destroy();
  }

  private close(code: number, reason: string): void {
    this.channel.close(code, reason);
  }

  private sendFin(written: (() => void) | undefined): void {
    this.awaitsFin = !this.channel.isClosing;
    this.channel.close(CloseCode.normal, '', CLEAN_LINGER_MS, written);
  }

  private sendError(cause: string): void {
    if (this.phase === 'allowed') {
      if (DIAL_CAUSES.includes(cause)) this.close(SETUP_FAILED, 'unable to setup proxying');
      else this.close(CloseCode.policyViolation, cause);
    } else if (cause === 'tofu token not allowed') this.close(CloseCode.policyViolation, cause);
    else this.close(CloseCode.internalError, 'unable to authorize connection');
  }

  private sendClose(cause: string): void {
    if (this.phase !== 'cancel') {
      if (cause === 'fin') this.close(CloseCode.normal, '');
      else this.close(CloseCode.policyViolation, cause);
    } else if (OVER_CAUSES.includes(cause)) this.close(CloseCode.normal, 'session canceled');
    else this.close(CloseCode.internalError, 'unable to cancel session');
  }

  private take(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new WebSocketError(CloseCode.protocolError, error.message);
    }
  }

  private chunk(chunk: Buffer, owner: Owner): void {
    if (this.phase === 'cancel') return;
    if (this.phase !== 'handshake') return this.handler.data(chunk, owner);
    this.handshakeBytes += chunk.length;
    if (this.handshakeBytes > MAX_HANDSHAKE_BYTES) {
      throw new WebSocketError(CloseCode.tooBig, 'invalid handshake received');
    }
    this.handshake.push(Buffer.from(chunk));
  }

  private messageEnd(): void {
    if (this.phase !== 'handshake') return;
    const { tofu_token, command } = this.decodeHandshake();
    if (tofu_token.length !== TOFU_TOKEN_LENGTH) {
      throw new WebSocketError(CloseCode.unsupportedData, 'invalid tofu token');
    }
    if (command === ClientCommand.CLIENT_COMMAND_SESSION_CANCEL) {
      this.phase = 'cancel';
      this.handler.control(FrameType.end, Buffer.from(End.encode({ tofu_token }).finish()));
    } else {
      this.phase = 'refusable';
      this.handler.control(FrameType.connect, Buffer.from(Connect.encode({ tofu_token }).finish()));
    }
  }

  private decodeHandshake(): ClientHandshake {
    try {
      return decodePayload(ClientHandshake, Buffer.concat(this.handshake.splice(0)));
    } catch {
      throw new WebSocketError(CloseCode.invalidPayload, 'failed to unmarshal protobuf');
    }
  }

  private closing(code: number): void {
    // The official client closes right behind its cancel command, which still gets its own answer.
    if (this.phase === 'cancel') return;
    const isRegular = code === CloseCode.normal || code === CloseCode.goingAway || code === CloseCode.noStatus;
    const { handler } = this;
    this.close(CloseCode.normal, '');
    if (this.phase === 'handshake') handler.closed({ kind: 'closed' });
    else handler.control(isRegular ? FrameType.fin : FrameType.rst, NO_BYTES);
  }

  private answered(): void {
    if (this.awaitsFin) this.handler.control(FrameType.fin, NO_BYTES);
  }

  private lost(error: Error | undefined): void {
    if (error instanceof WebSocketError) {
      this.handler.closed({ kind: 'protocol', error: new ProtocolError(error.message) });
    } else this.handler.closed({ kind: 'closed', error });
  }
}
