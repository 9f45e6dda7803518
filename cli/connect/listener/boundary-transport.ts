/**
 * Client side of Boundary's session protocol `boundary-tcp-proxy-v1`, for workers that do not speak
 * `sallyport/1`. It translates the protocol to the frames of `sallyport/1`.
 * States: upgrading → waiting for HandshakeResult → flowing.
 * Such a worker says that a connection is allowed before it dials, has no half-close, and mostly
 * drops connections without a reason.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../lib/clock/clock';
import { endText } from '../../../lib/contract/endings';
import { decodePayload, FrameType, ProtocolError } from '../../../lib/transport/frames';
import type { Owner } from '../../../lib/transport/slabs';
import {
  CLEAN_LINGER_MS,
  SILENT,
  type SessionTransport,
  type TransportHandler,
} from '../../../lib/transport/transport';
import { HIGH_WATER_BYTES } from '../../../lib/transport/write-queue';
import { WebSocketChannel } from '../../../lib/transport/websocket-channel';
import { CloseCode, MAX_HEADER_BYTES, WebSocketError } from '../../../lib/transport/websocket-frames';
import { SUBPROTOCOL, UPGRADE_PATH, webSocketAccept } from '../../../lib/transport/websocket-upgrade';
import { ClientCommand, ClientHandshake, HandshakeResult } from '../../../proto/gen/transport/boundary';
import { Close, Connect, ConnectError, ConnectOk, End } from '../../../proto/gen/transport/transport';

/** From the established TLS connection to the answer of the upgrade. */
const UPGRADE_TIMEOUT_MS = 10_000;
/** Longest HandshakeResult. */
const MAX_RESULT_BYTES = 32_768;
/** The worker could not reach the endpoint. */
const SETUP_FAILED = 3000;
const REGULAR_CODES: readonly number[] = [CloseCode.normal, CloseCode.goingAway, CloseCode.noStatus];
const NO_BYTES = Buffer.alloc(0);

export class BoundaryTransport implements SessionTransport {
  readonly hasHalfClose = false;
  readonly headerBytes = MAX_HEADER_BYTES;
  private channel: WebSocketChannel | undefined;
  /** Sends the first message, when the caller has said which. */
  private first: ClientHandshake | undefined;
  private isFlowing = false;
  private isOver = false;
  private result: Buffer[] = [];
  private resultBytes = 0;
  /** Payload that must wait for HandshakeResult. */
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private finWaits: { written: (() => void) | undefined } | undefined;
  private awaitsFin = false;

  constructor(
    private readonly socket: TLSSocket,
    public handler: TransportHandler,
    private readonly clock: Clock,
  ) {
    this.upgrade();
  }

  get taken(): number {
    return this.channel?.taken ?? 0;
  }

  sendData(chunk: Buffer, owner: Owner): boolean {
    if (this.isFlowing) return this.channel!.send(chunk, owner);
    if (this.isOver) return true;
    this.waiting.push(Buffer.from(chunk));
    this.waitingBytes += chunk.length;
    return this.waitingBytes < HIGH_WATER_BYTES;
  }

  send(type: FrameType, payload: Uint8Array = NO_BYTES, written?: () => void): void {
    const bytes = Buffer.from(payload);
    if (type === FrameType.connect) {
      const { tofu_token } = Connect.decode(bytes);
      this.begin({ tofu_token, command: ClientCommand.CLIENT_COMMAND_UNSPECIFIED });
    } else if (type === FrameType.end) {
      const { tofu_token } = End.decode(bytes);
      this.begin({ tofu_token, command: ClientCommand.CLIENT_COMMAND_SESSION_CANCEL });
    } else if (type === FrameType.rst) this.channel?.close(CloseCode.normal, '');
    else if (type === FrameType.fin) this.sendFin(written);
  }

  pause(): void {
    this.channel?.pause();
  }

  resume(): void {
    this.channel?.resume();
  }

  end(lingerMs?: number, flushed?: () => void): void {
    this.handler = SILENT;
    this.isOver = true;
    if (this.channel) return this.channel.close(CloseCode.normal, '', lingerMs, flushed);
    this.socket.destroy();
    flushed?.();
  }

  destroy(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  private upgrade(): void {
    const key = randomBytes(16).toString('base64');
    const host = `${this.socket.remoteAddress ?? 'worker'}:${this.socket.remotePort ?? 0}`;
    const headers = {
      Host: host,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': SUBPROTOCOL,
    };
    const upgrade = request({ createConnection: () => this.socket, path: UPGRADE_PATH, headers });
    const cancel = this.clock.after(UPGRADE_TIMEOUT_MS, () => this.socket.destroy());
    this.socket.once('close', cancel);
    upgrade.on('upgrade', (response, socket, head) => {
      cancel();
      const isRight =
        response.headers['sec-websocket-protocol'] === SUBPROTOCOL &&
        response.headers['sec-websocket-accept'] === webSocketAccept(key);
      if (isRight) this.open(socket, head);
      else this.fail(new ProtocolError('the worker does not speak the session protocol'));
    });
    upgrade.on('response', (response) => {
      this.fail(new ProtocolError(`the worker refused the session protocol with status ${response.statusCode}`));
    });
    upgrade.on('error', (error) => this.lost(error));
    upgrade.end();
  }

  private open(socket: Duplex, head: Buffer): void {
    if (this.isOver) return void socket.destroy();
    const events = {
      chunk: (chunk: Buffer, owner: Owner) => this.take(() => this.chunk(chunk, owner)),
      messageEnd: () => this.take(() => this.messageEnd()),
      drain: () => this.handler.drain(),
      closing: (code: number, reason: string) => this.closing(code, reason),
      answered: () => this.answered(),
      lost: (error: Error | undefined) => this.lost(error),
    };
    this.channel = new WebSocketChannel(socket, events, { clock: this.clock, role: 'client' });
    this.channel.start(head);
    if (this.first) this.begin(this.first);
  }

  private begin(first: ClientHandshake): void {
    this.first = first;
    this.channel?.sendMessage(ClientHandshake.encode(first).finish());
  }

  private sendFin(written: (() => void) | undefined): void {
    if (!this.isFlowing && !this.isOver) {
      this.finWaits = { written };
      return;
    }
    this.awaitsFin = !this.channel?.isClosing;
    if (!this.channel) return written?.();
    this.channel.close(CloseCode.normal, '', CLEAN_LINGER_MS, written);
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
    if (this.isFlowing) return this.handler.data(chunk, owner);
    this.resultBytes += chunk.length;
    if (this.resultBytes > MAX_RESULT_BYTES) throw new ProtocolError('the handshake result is too long');
    this.result.push(Buffer.from(chunk));
  }

  private messageEnd(): void {
    if (this.isFlowing) return;
    const result = decodePayload(HandshakeResult, Buffer.concat(this.result.splice(0)));
    const ok: ConnectOk = {
      // The worker states a time of its own clock, which does not tell how much is left by this
      // clock.
      expires_in_ms: 0n,
      connections_left: result.connections_left,
      connection_limit: result.connection_limit,
    };
    this.isFlowing = true;
    this.handler.control(FrameType.connectOk, Buffer.from(ConnectOk.encode(ok).finish()));
    for (const chunk of this.waiting.splice(0)) this.channel!.send(chunk);
    if (this.finWaits) this.sendFin(this.finWaits.written);
    else this.handler.drain();
  }

  private closing(code: number, reason: string): void {
    const { handler } = this;
    const isCancel = this.first?.command === ClientCommand.CLIENT_COMMAND_SESSION_CANCEL;
    const isRegular = REGULAR_CODES.includes(code);
    this.channel?.close(CloseCode.normal, '');
    if (isCancel && isRegular) this.tellClose(handler, 'client', 'fin', 'The session was ended by its client.');
    else if (isCancel) this.tellClose(handler, 'worker', 'refused', `the worker answered: ${reason}`);
    else if (!this.isFlowing) this.tellRefusal(handler, reason);
    else if (isRegular) handler.control(FrameType.fin, NO_BYTES);
    else if (code === SETUP_FAILED) this.tellDialFailure(handler);
    else this.tellClose(handler, 'worker', reason, `The worker ended the connection: ${reason || code}.`);
  }

  private tellClose(handler: TransportHandler, closedBy: string, cause: string, text: string): void {
    handler.control(FrameType.close, Buffer.from(Close.encode({ closed_by: closedBy, cause, text }).finish()));
  }

  private tellDialFailure(handler: TransportHandler): void {
    const error = {
      cause: 'dial unreachable',
      text: "The worker cannot reach the target's endpoint.",
      closed_by: 'worker',
    };
    handler.control(FrameType.connectErr, Buffer.from(ConnectError.encode(error).finish()));
  }

  private tellRefusal(handler: TransportHandler, reason: string): void {
    const text =
      reason === 'tofu token not allowed'
        ? endText(reason)
        : `The worker did not allow the connection: ${reason || 'no reason given'}.`;
    const error: ConnectError = { cause: reason, text, closed_by: 'controller' };
    handler.control(FrameType.connectErr, Buffer.from(ConnectError.encode(error).finish()));
  }

  private answered(): void {
    if (this.awaitsFin) this.handler.control(FrameType.fin, NO_BYTES);
  }

  private fail(error: ProtocolError): void {
    this.socket.destroy();
    if (this.isOver) return;
    this.isOver = true;
    this.handler.closed({ kind: 'protocol', error });
  }

  private lost(error: Error | undefined): void {
    if (error instanceof WebSocketError) return this.fail(new ProtocolError(error.message));
    if (this.isOver) return;
    this.isOver = true;
    this.handler.closed({ kind: 'closed', error });
  }
}
