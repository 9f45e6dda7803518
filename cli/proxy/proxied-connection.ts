/** One local connection and the transport that carries it. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../lib/clock/clock';
import { decodePayload, FrameType, ProtocolError } from '../../lib/transport/frames';
import { Relay, type LocalStream, type RelayEnd } from '../../lib/transport/relay';
import { CLEAN_LINGER_MS, CUT_LINGER_MS, type SessionTransport } from '../../lib/transport/transport';
import { Close, Connect, ConnectError, ConnectOk } from '../../proto/gen/transport/transport';
import { openTransport } from './worker-dial';

export interface ProxiedConnectionOptions {
  dial(): Promise<TLSSocket>;
  tofuToken: string;
  clock: Clock;
  connected(ok: ConnectOk): void;
  /** The worker did not make the connection. */
  refused(error: ConnectError): void;
  /** The worker ended the connection and says why. */
  closed(close: Close): void;
  /** No worker was reachable, or it went away. */
  failed(text: string): void;
  /** The local connection is over; called once. */
  over(): void;
  /** The transport is gone too, so the worker has all bytes that it will get; called once, last. */
  settled(): void;
  log(line: string): void;
}

export class ProxiedConnection {
  private relay: Relay | undefined;
  private transport: SessionTransport | undefined;
  private isOver = false;
  private isCut = false;

  constructor(
    private readonly local: LocalStream,
    private readonly options: ProxiedConnectionOptions,
  ) {
    local.on('error', (error) => options.log(`local connection: ${error.message}`));
  }

  /** The local client has closed its side. */
  get isEndedByLocal(): boolean {
    return !this.isCut && (this.local.readableEnded || this.local.destroyed);
  }

  /** A worker is still being looked for. */
  get isConnecting(): boolean {
    return !this.relay && !this.isOver;
  }

  /** The local side is not read, since the worker takes nothing more at the moment. */
  get isHeldBack(): boolean {
    return this.relay !== undefined && !this.isOver && this.local.isPaused();
  }

  /** Payload bytes sent to the worker so far. */
  get sent(): number {
    return this.relay?.sent ?? 0;
  }

  /** Payload bytes moved so far, both ways. */
  get bytes(): number {
    return (this.relay?.sent ?? 0) + (this.relay?.received ?? 0);
  }

  start(): void {
    this.options
      .dial()
      .then((socket) => this.connect(socket))
      .catch((error: Error) => this.fail(`No connection to the session's endpoint: ${error.message}`));
  }

  /** Resets both ends: the local connection, and through the worker the endpoint's. */
  cut(): void {
    this.drop(() => this.transport?.send(FrameType.rst));
  }

  /** Resets the local connection; the worker has ended the other one. */
  private drop(last: () => void = () => undefined): void {
    if (this.isOver) return;
    this.isCut = true;
    this.relay?.abort();
    last();
    this.local.resetAndDestroy();
    this.transport?.end(CUT_LINGER_MS);
    this.finish();
  }

  /** Drops the transport without waiting for the worker. */
  destroy(): void {
    this.transport?.destroy();
  }

  private connect(socket: TLSSocket): void {
    if (this.isOver) {
      socket.on('error', () => undefined).destroy();
      return;
    }
    const silent = { data() {}, control() {}, drain() {}, closed() {} };
    const transport = openTransport(socket, silent, this.options.clock);
    const relay = new Relay(this.local, transport, {
      clock: this.options.clock,
      control: (type, payload) => this.control(type, payload),
      done: (end) => this.relayEnded(end),
    });
    this.transport = transport;
    socket.once('close', () => this.options.settled());
    this.relay = relay;
    transport.send(FrameType.connect, Connect.encode({ tofu_token: this.options.tofuToken }).finish());
    relay.start();
  }

  private control(type: FrameType, payload: Buffer): void {
    if (type === FrameType.connectOk) return this.options.connected(decodePayload(ConnectOk, payload));
    if (type === FrameType.connectErr) {
      const error = decodePayload(ConnectError, payload);
      this.drop();
      return this.options.refused(error);
    }
    if (type !== FrameType.close) throw new ProtocolError(`unexpected frame of type ${type}`);
    const close = decodePayload(Close, payload);
    this.drop();
    this.options.closed(close);
  }

  private relayEnded(end: RelayEnd): void {
    this.options.log(`connection ended: ${end.by} ${end.cause} ${end.error ?? ''}`.trimEnd());
    this.transport?.end(end.cause === 'fin' ? CLEAN_LINGER_MS : CUT_LINGER_MS);
    if (end.by === 'peer' && end.cause !== 'fin' && end.cause !== 'rst') {
      return this.fail(`The connection to the worker was lost (${end.error ?? end.cause}).`);
    }
    this.finish();
  }

  private fail(text: string): void {
    if (this.isOver) return;
    this.local.resetAndDestroy();
    this.options.failed(text);
    this.finish();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.over();
    if (!this.transport) this.options.settled();
  }
}
