/**
 * One local connection and the transport that carries it.
 * States: looking (dialing workers) ⇄ asking (CONNECT sent) → relaying → over.
 *
 * While another worker could still take the connection, nothing of the local side is read until
 * CONNECT_OK: its bytes wait in the buffers of the kernel, so that they are sent once, to the
 * worker that serves. The last worker of the list gets them right behind CONNECT, which saves a
 * round trip and risks nothing.
 *
 * A worker that is lost after CONNECT may have taken a connection of a limited session, and counts
 * it: the endpoint may have been dialed. Asking the next worker is right all the same. The
 * controllers hold the limit among all workers, so that it cannot be passed; no byte was sent, so
 * that nothing happens twice; and a local program would do the same by connecting again.
 */
import type { Clock } from '../../../lib/clock/clock';
import { decodePayload, FrameType, ProtocolError } from '../../../lib/transport/frames';
import { reset, type LocalStream } from '../../../lib/transport/local-stream';
import { Relay, type RelayEnd } from '../../../lib/transport/relay';
import {
  CLEAN_LINGER_MS,
  CUT_LINGER_MS,
  SILENT,
  type SessionTransport,
  type TransportEnd,
} from '../../../lib/transport/transport';
import { Close, Connect, ConnectError, ConnectOk } from '../../../proto/gen/transport/transport';
import { ANSWER_TIMEOUT_MS, Attempts, mayWorkElsewhere } from './attempts';
import type { Dialed } from './dial-race';
import { openTransport } from './worker-dial';
import { NoWorkerReachable, type WorkerDialer } from './worker-dialer';

export interface ProxiedConnectionOptions {
  dialer: Pick<WorkerDialer, 'dial' | 'hasOther' | 'failed'>;
  /** Ends the search for a worker. */
  signal: AbortSignal;
  tofuToken: string;
  clock: Clock;
  connected(ok: ConnectOk): void;
  /**
   * No worker made the connection. When the limit is not certain, an attempt at another worker may
   * hold the slot.
   */
  refused(error: ConnectError, isCertain: boolean): void;
  /** The worker ended the connection and says why. */
  closed(close: Close): void;
  /** The endpoint reset the connection; the local one is reset too. */
  reset(): void;
  /** No worker was reachable, or it went away. */
  failed(text: string, cause: string): void;
  /** The local connection is over; called once. */
  over(): void;
  /** Called last, when the transport is gone too: the worker has all bytes that it will get. */
  settled(): void;
  log(line: string): void;
}

export class ProxiedConnection {
  private readonly attempts = new Attempts();
  private relay: Relay | undefined;
  private transport: SessionTransport | undefined;
  /** The worker of the transport. */
  private worker = '';
  private cancelDeadline: () => void = () => undefined;
  private isConnected = false;
  private isOver = false;
  private isCut = false;

  constructor(
    private readonly local: LocalStream,
    private readonly options: ProxiedConnectionOptions,
  ) {
    local.on('error', (error) => options.log(`local connection: ${error.message}`));
    // The local side was reset before any worker had answered. A relay tells the worker that was
    // asked.
    local.on('close', () => {
      if (this.transport && !this.relay && !this.isOver) this.startRelay(this.transport);
    });
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
    const { dialer, signal } = this.options;
    dialer
      .dial(signal, this.attempts.asked)
      .then((dialed) => this.ask(dialed))
      .catch((error: Error) => {
        if (error instanceof NoWorkerReachable) this.failUnanswered(error.problems);
        else this.fail(`No connection to the session's endpoint: ${error.message}`, 'worker unreachable');
      });
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
    reset(this.local);
    this.transport?.end(CUT_LINGER_MS);
    this.finish();
  }

  /** Drops the transport without waiting for the worker. */
  destroy(): void {
    this.transport?.destroy();
  }

  private ask({ socket, worker }: Dialed): void {
    if (this.isOver || this.local.destroyed) {
      socket.on('error', () => undefined).destroy();
      return this.finish();
    }
    const { clock, dialer, settled, tofuToken } = this.options;
    this.attempts.asked.add(worker);
    this.worker = worker;
    const handler = {
      ...SILENT,
      data: () => this.outOfPlace('DATA'),
      control: (type: FrameType, payload: Buffer) => this.control(type, payload),
      closed: (end: TransportEnd) => this.lostUnanswered(end),
    };
    const transport = openTransport(socket, handler, clock);
    this.transport = transport;
    socket.once('close', () => {
      if (this.transport === transport) settled();
    });
    this.cancelDeadline = clock.after(ANSWER_TIMEOUT_MS, () => this.unanswered(transport));
    transport.send(FrameType.connect, Connect.encode({ tofu_token: tofuToken }).finish());
    if (!dialer.hasOther(this.attempts.asked)) this.startRelay(transport);
  }

  /** From here on the local side is read, and no other worker can take the connection. */
  private startRelay(transport: SessionTransport): void {
    this.relay = new Relay(this.local, transport, {
      clock: this.options.clock,
      control: (type, payload) => this.control(type, payload),
      done: (end) => this.relayEnded(end),
    });
    this.relay.start();
  }

  private control(type: FrameType, payload: Buffer): void {
    if (type === FrameType.connectOk && !this.isConnected) return this.connected(decodePayload(ConnectOk, payload));
    if (type === FrameType.connectErr) return this.refused(decodePayload(ConnectError, payload));
    if (type !== FrameType.close) return this.outOfPlace(`frame of type ${type}`);
    const close = decodePayload(Close, payload);
    if (close.cause === 'worker drain') this.options.dialer.failed(this.worker);
    this.drop();
    this.options.closed(close);
  }

  private connected(ok: ConnectOk): void {
    this.isConnected = true;
    this.cancelDeadline();
    // Done at once, because what follows in the same read is for the relay.
    if (!this.relay) this.startRelay(this.transport!);
    this.options.connected(ok);
  }

  private refused(error: ConnectError): void {
    const { attempts, worker } = this;
    const isElsewhere = mayWorkElsewhere(error);
    if (isElsewhere) this.options.dialer.failed(worker);
    if (isElsewhere && !this.relay) {
      attempts.refused(worker, error);
      return this.goOn();
    }
    this.drop();
    this.options.refused(attempts.conclude(worker, error), attempts.areCertain);
  }

  /** The transport broke between CONNECT and its answer, and nothing was read of the local side. */
  private lostUnanswered(end: TransportEnd): void {
    const why = end.kind === 'lost' ? 'it went silent' : (end.error?.message ?? 'it closed the connection');
    this.options.dialer.failed(this.worker);
    this.attempts.lost(this.worker, `${why} before it answered`);
    this.goOn();
  }

  private unanswered(transport: SessionTransport): void {
    const { dialer } = this.options;
    dialer.failed(this.worker);
    this.attempts.lost(this.worker, `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`);
    if (!this.relay) return this.goOn();
    this.relay.abort();
    transport.destroy();
    this.failUnanswered();
  }

  /** With the next worker. */
  private goOn(): void {
    this.options.log(`worker ${this.worker} did not serve: ${this.attempts.problemOf(this.worker)}`);
    this.cancelDeadline();
    const { transport } = this;
    this.transport = undefined;
    transport?.end(CUT_LINGER_MS);
    if (!this.isOver) this.start();
  }

  private relayEnded(end: RelayEnd): void {
    this.options.log(`connection ended: ${end.by} ${end.cause} ${end.error ?? ''}`.trimEnd());
    this.transport?.end(end.cause === 'fin' ? CLEAN_LINGER_MS : CUT_LINGER_MS);
    if (end.by === 'peer' && end.cause === 'rst') this.options.reset();
    if (end.by !== 'peer' || end.cause === 'fin' || end.cause === 'rst') return this.finish();
    this.options.dialer.failed(this.worker);
    const why = end.error ?? 'it ended without a word';
    if (this.isConnected) return this.fail(`The connection to the worker was lost (${why}).`, 'worker lost');
    this.attempts.lost(this.worker, `the connection was lost before it answered (${why})`);
    this.failUnanswered();
  }

  private failUnanswered(problems?: ReadonlyMap<string, string>): void {
    const { text, cause } = this.attempts.failure(problems);
    this.fail(text, cause);
  }

  private fail(text: string, cause: string): void {
    if (this.isOver) return;
    reset(this.local);
    this.options.failed(text, cause);
    this.finish();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelDeadline();
    this.options.over();
    if (!this.transport) this.options.settled();
  }

  private outOfPlace(what: string): void {
    throw new ProtocolError(`unexpected ${what}`);
  }
}
